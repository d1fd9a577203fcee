import { Secret } from '../domain/secret.js';
import { messageOf, SlipwayError } from '../errors/index.js';

/** Shorter values are words that may stand anywhere; nothing of ours that is secret is that short. */
const shortestSecret = 8;

/** What secrets look like wherever they come from: private keys, k3s tokens, bearer tokens. */
const shapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bK10[0-9a-f]{32,}::[^\s"']+/g,
  /\bAGE-SECRET-KEY-[0-9A-Z-]{50,}/g,
  /\b(?<=Bearer )[A-Za-z0-9._~+/-]{8,}=*/gi,
];

/** The text with every known secret, and whatever has the shape of one, replaced. */
export function redactText(text: string, secrets: Iterable<string>): string {
  let result = text;
  for (const secret of secrets)
    if (secret.length >= shortestSecret && result.includes(secret)) result = result.replaceAll(secret, '[secret]');
  for (const shape of shapes) result = result.replace(shape, '[secret]');
  return result;
}

/** One line of JSON without a secret in it, whatever was handed in. */
export function redactedJson(value: unknown, secrets: readonly string[]): string {
  const seen = new Set<unknown>();
  const clean = (item: unknown): unknown => {
    if (typeof item === 'string') return redactText(item, secrets);
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return item;
    if (item instanceof Secret) return item.toJSON();
    if (seen.has(item)) return '[circular]';
    seen.add(item);
    const result = cleanObject(item);
    seen.delete(item);
    return result;
  };
  const cleanObject = (item: object): unknown => {
    if (Array.isArray(item)) return item.map(clean);
    if (item instanceof SlipwayError) return clean(item.toJSON());
    if (item instanceof Error) return { message: redactText(messageOf(item), secrets) };
    if ('toJSON' in item && typeof item.toJSON === 'function') return clean((item.toJSON as () => unknown)());
    return Object.fromEntries(
      Object.entries(item).map(([key, entry]) => [redactText(key, secrets), clean(entry)] as const),
    );
  };
  return JSON.stringify(clean(value));
}

/** Values of environment variables that are secret by their name. */
export function environmentSecrets(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value && /(TOKEN|SECRET|PASSWORD|PASSPHRASE|API_?KEY|ACCESS_KEY|AGE_KEY)$/i.test(name) ? [value] : [],
  );
}

/** The credentials in a kubeconfig's text. */
export function kubeconfigSecrets(text: string): string[] {
  return [...text.matchAll(/["']?\b(?:client-key-data|token|password)["']?:\s*["']?([^\s"',}]+)/g)].flatMap(
    ([, value]) => (value ? [value] : []),
  );
}
