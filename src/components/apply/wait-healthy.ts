import type { HealthTarget } from '../types.js';
import { IncompleteError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { getKnown } from './facts.js';
import { healthOf, kindOf, nameOf } from './health.js';
import { podProblems } from './pod-problems.js';
import { componentDeadlines } from './deadlines.js';

const unhealthy = 'COMPONENT_UNHEALTHY';
const mostPods = 8;

/**
 * Waits until every one of these is healthy.
 * @throws IncompleteError code COMPONENT_UNHEALTHY: what is not, and what its pods say
 */
export async function waitHealthy(
  tools: ComponentTools,
  component: string,
  targets: readonly HealthTarget[],
  run: ComponentRun,
): Promise<void> {
  if (targets.length === 0) return;
  const hint = `See it as it is now: slipway component status ${tools.cluster}`;
  try {
    await tools.kube.until(
      {
        what: `${component} to be healthy`,
        code: unhealthy,
        kinds: targets.map(kindOf),
        check: (view, say) => {
          const states = targets.map((target) => ({ target, health: healthOf(view.get(refOf(target))) }));
          const waiting = states.filter(({ health }) => health.state !== 'healthy');
          const failed = waiting.find(({ target, health }) => target.kind === 'Job' && health.state === 'failed');
          if (failed) {
            throw new IncompleteError(`${nameOf(failed.target)} of ${component} failed: ${failed.health.why}.`, {
              code: unhealthy,
              hint,
            });
          }
          const [first] = waiting;
          if (!first) return true;
          const others = waiting.length === 1 ? '' : ` (and ${waiting.length - 1} more)`;
          say(`${nameOf(first.target)}: ${first.health.why}${others}`);
          return undefined;
        },
      },
      { ...run, deadlineMs: componentDeadlines.healthy, hint },
    );
  } catch (error) {
    if (!(error instanceof IncompleteError) || error.code !== unhealthy) throw error;
    const problems = await podProblemsOf(tools.kube, targets, run).catch(() => []);
    throw new IncompleteError(error.message, {
      code: error.code,
      hint: error.hint,
      details: [...error.details, ...problems],
      cause: error,
    });
  }
}

export const refOf = (target: HealthTarget) => ({
  ...kindOf(target),
  metadata: { name: target.name, ...(target.namespace === '' ? {} : { namespace: target.namespace }) },
});

/** What the pods of those that are not healthy have to say. */
export async function podProblemsOf(
  kube: Kube,
  targets: readonly HealthTarget[],
  options: KubeOptions,
): Promise<readonly string[]> {
  const found = await Promise.all(
    targets.map(async (target) => {
      const object = await getKnown(kube, refOf(target), options);
      if (!object || healthOf(object).state === 'healthy') return [];
      const selector = selectorOf(object);
      if (selector === undefined) return [];
      return podProblems(
        await kube.list('v1', 'Pod', { namespace: target.namespace, labelSelector: selector }, options),
      );
    }),
  );
  return found.flat().slice(0, mostPods);
}

function selectorOf(object: KubeObject): string | undefined {
  const { selector } = (object['spec'] ?? {}) as {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  };
  const labels = Object.entries(selector?.matchLabels ?? {});
  return labels.length === 0 ? undefined : labels.map(([key, value]) => `${key}=${value}`).join(',');
}
