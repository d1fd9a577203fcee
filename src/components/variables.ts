import type { SecretForm } from './types.js';

/** Environment variable of each key of a Secret, those that Slipway draws included. */
export function variablesOf(component: string, secret: SecretForm): Readonly<Record<string, string>> {
  const drawn = Object.keys(secret.generate).map(
    (key) => [key, `${component}_${key}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_')] as const,
  );
  return { ...Object.fromEntries(drawn), ...secret.keys };
}
