import { Secret } from '../../../domain/secret.js';
import { comparedPart, sharedSettings } from './config.js';
import type { RoleSettings } from './config-hash.js';
import { startedWith } from './node-args.js';

/** Both as people read them: `flannel-backend vxlan (network.encryption)`. */
export interface FixedDifference {
  readonly desired: string;
  readonly observed: string;
}

/**
 * What a server was started with otherwise than it would be now, of what cannot change in a cluster's life; undefined where
 * nothing is, and where its node does not tell.
 */
export function fixedDifference(
  annotations: Readonly<Record<string, string>>,
  settings: RoleSettings,
): FixedDifference | undefined {
  const started = startedWith(annotations);
  if (!started) return undefined;
  const nobody = new Secret('');
  const values = { ...settings, tokens: { server: nobody, agent: nobody } };
  const differing = sharedSettings.flatMap(({ key, fixedBy, mayDiffer, value }) => {
    const [desired, observed] = [value(values), started.get(key)?.join(', ')];
    if (mayDiffer || desired === undefined || observed === undefined || desired instanceof Secret) return [];
    const field = fixedBy === undefined ? '' : ` (network.${fixedBy})`;
    const text = String(desired);
    return text === observed ? [] : [{ desired: `${key} ${text}${field}`, observed: `${key} ${observed}` }];
  });
  const withPart = (parts: readonly string[]): string =>
    `${parts.includes(comparedPart) ? 'without' : 'with'} ${comparedPart}`;
  const [desired, observed] = [
    withPart(settings.disable),
    withPart(started.get('disable')?.flatMap((parts) => parts.split(',')) ?? []),
  ];
  const all = [...differing, ...(desired === observed ? [] : [{ desired, observed }])];
  if (all.length === 0) return undefined;
  return {
    desired: all.map((one) => one.desired).join(', '),
    observed: all.map((one) => one.observed).join(', '),
  };
}
