import { waitFor } from '../../domain/wait.js';
import { messageOf } from '../../errors/index.js';
import type { KubeObject } from '../../kube/types.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { isUnserved } from './facts.js';
import { shownRef } from './objects.js';
import { componentDeadlines } from './deadlines.js';

/**
 * Applies an object; sits out kinds that are not served yet and webhooks that do not answer yet, as both come a
 * little after the workloads that bring them.
 */
export async function applyWithRetry(
  { kube, clock }: Pick<ComponentTools, 'kube' | 'clock'>,
  object: KubeObject,
  force: boolean,
  run: ComponentRun,
): Promise<KubeObject> {
  return waitFor(
    {
      what: `${shownRef(object)} to be taken`,
      check: () => kube.apply(object, { ...run, force }),
    },
    {
      ...run,
      clock,
      code: 'OBJECT_REFUSED',
      deadlineMs: componentDeadlines.webhook,
      hint: 'Run the same command again; see what its component says with `slipway component status`.',
      fatal: (error) => !isUnserved(error) && !isWebhookAway(error),
    },
  );
}

/** The API server could not reach an admission webhook, or did not trust it yet. */
export function isWebhookAway(error: unknown): boolean {
  return /failed calling webhook|no endpoints available for service|conversion webhook/i.test(messageOf(error));
}
