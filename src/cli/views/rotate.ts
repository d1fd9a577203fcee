import { plural } from '../../domain/index.js';
import { renderPlan } from '../../ui/index.js';
import type { KeyRotationResult } from '../../workflows/cluster/rotate-ssh-key.js';

export function rotatedKeyText({ cluster, dryRun, steps, machines }: KeyRotationResult): string {
  if (dryRun) return renderPlan(steps);
  return `${cluster} has a new SSH key: ${plural(machines, 'machine')} ${machines === 1 ? 'takes' : 'take'} it, and not the old one.`;
}
