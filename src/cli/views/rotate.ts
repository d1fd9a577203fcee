import { endText, firstToEnd, plural } from '../../domain/index.js';
import { renderPlan } from '../../ui/index.js';
import type { NodeCertificate } from '../../workflows/cluster/certificates.js';
import type { RotateCertsResult } from '../../workflows/cluster/rotate-certs.js';
import type { KeyRotationResult } from '../../workflows/cluster/rotate-ssh-key.js';
import type { RotateTokenResult } from '../../workflows/cluster/rotate-token.js';

export function rotatedKeyText({ cluster, dryRun, steps, machines }: KeyRotationResult): string {
  if (dryRun) return renderPlan(steps);
  return `${cluster} has a new SSH key: ${plural(machines, 'machine')} ${machines === 1 ? 'takes' : 'take'} it, and not the old one.`;
}

/** @param now milliseconds since 1970 */
export function rotatedCertsText({ cluster, dryRun, before, after, steps }: RotateCertsResult, now: number): string {
  if (dryRun) return [...endLines(before, now), '', renderPlan(steps)].join('\n');
  const first = firstToEnd(after);
  return [
    `${cluster} has fresh certificates on ${plural(after.length, 'machine')}${first ? `; the first ${endText(first.until, now)}` : ''}.`,
    ...after.map(({ machine, until }) => {
      const was = before.find((one) => one.machine === machine);
      return `  ${machine}: ${was ? `${was.until.slice(0, 10)} → ` : ''}${until.slice(0, 10)}`;
    }),
    `The kubeconfig is a new one. Where it was merged into yours: slipway cluster kubeconfig ${cluster} --merge`,
  ].join('\n');
}

const endLines = (certificates: readonly NodeCertificate[], now: number): readonly string[] => [
  'Of each machine the certificate that ends first',
  ...certificates.map(({ machine, path, until }) => `  ${machine}: ${path} ${endText(until, now)}`),
];

export function rotatedTokenText({ cluster, dryRun, steps, machines }: RotateTokenResult): string {
  if (dryRun) return renderPlan(steps);
  return [
    `${cluster} has new tokens: ${plural(machines, 'node')} ${machines === 1 ? 'joins' : 'join'} with them, and nothing with the old ones.`,
    `Take a backup that carries them: slipway backup create ${cluster}`,
  ].join('\n');
}
