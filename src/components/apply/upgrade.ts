import type { RenderedComponent, ResolvedSecret } from '../types.js';
import { IncompleteError, SlipwayError } from '../../errors/index.js';
import type { KubeObject } from '../../kube/types.js';
import { applyComponent } from './apply.js';
import { specOf, text } from './chart.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import type { ComponentFacts } from './facts.js';
import { itemRef } from './inventory.js';
import { refKey } from './objects.js';

/**
 * Applies a component and, when that fails, puts back what was there before and waits until it is healthy again.
 * @throws IncompleteError code COMPONENT_PUT_BACK once the last version is back, COMPONENT_NOT_BACK when it is not
 */
export async function upgradeComponent(
  tools: ComponentTools,
  component: RenderedComponent,
  secrets: readonly ResolvedSecret[],
  facts: ComponentFacts,
  run: ComponentRun,
): Promise<void> {
  const last = lastVersion(component, facts);
  try {
    await applyComponent(tools, component, secrets, run);
  } catch (error) {
    // An interruption leaves all as it is: running it again goes on with the new version.
    if (run.signal.aborted || !last || !(error instanceof SlipwayError)) throw error;
    const [was, is] = [last.version ?? 'what was there', component.version ?? 'the new one'];
    run.progress(`putting ${was} back`);
    await applyComponent(tools, last, secrets, run).catch((second: unknown) => {
      throw notBack(tools.cluster, component.id, { was, is }, error, second);
    });
    throw new IncompleteError(
      `${component.id} could not be upgraded to ${is}: ${error.message} ${was} is back and healthy.`,
      {
        code: 'COMPONENT_PUT_BACK',
        hint: error.hint,
        details: error.details,
        cause: error,
      },
    );
  }
}

function notBack(
  cluster: string,
  name: string,
  { was, is }: { readonly was: string; readonly is: string },
  first: SlipwayError,
  second: unknown,
): IncompleteError {
  const details = second instanceof SlipwayError ? [second.message, ...second.details] : [];
  return new IncompleteError(`${name} could not be upgraded to ${is}, and ${was} is not healthy again.`, {
    code: 'COMPONENT_NOT_BACK',
    hint: `See it as it is now: slipway component status ${cluster}`,
    details: [first.message, ...first.details, ...details],
    cause: second,
  });
}

/** What was there before, as if it had just been rendered; undefined when it was never healthy. */
export function lastVersion(component: RenderedComponent, facts: ComponentFacts): RenderedComponent | undefined {
  const inventory = facts.inventories.get(component.id);
  if (!inventory || (component.chart && !inventory.lastGood)) return undefined;
  const first = new Set(component.before.map(refKey));
  const present = inventory.items.flatMap((item) => {
    const live = facts.objects.get(refKey(itemRef(item)));
    return live ? [asApplied(live)] : [];
  });
  const chart = component.chart && inventory.lastGood ? { ...component.chart, spec: inventory.lastGood } : undefined;
  return {
    ...component,
    version: text(specOf(chart), 'version') ?? inventory.version,
    waitsFor: inventory.waitsFor,
    before: [
      ...component.before.filter(({ kind }) => kind === 'Namespace'),
      ...present.filter((object) => first.has(refKey(object))),
    ],
    chart,
    crds: undefined,
    objects: present.filter((object) => !first.has(refKey(object))),
  };
}

/** A live object without what the API wrote into it. */
function asApplied({ metadata, ...rest }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = metadata;
  const { status: _, ...content } = rest as Omit<KubeObject, 'metadata'> & { readonly status?: unknown };
  return {
    ...content,
    apiVersion: rest.apiVersion,
    kind: rest.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
  };
}
