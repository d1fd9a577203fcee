import { type Later, needsOf, type Step, type StepContext, valueOf } from '../../engine/index.js';
import { IncompleteError, UsageError } from '../../errors/index.js';
import type { Kube, KubeObject } from '../../kube/types.js';
import type { ClusterApi, PhaseContext, Proof } from '../context.js';
import { type Disarming, rules } from './rules.js';

const phase = 'Quarantine';

/** Requests that are under way at once. */
const atOnce = 8;

/**
 * Steps after which nothing in a copy leads outside, and what it holds is counted. No controller has run by then, nor does one
 * after it: this is for whoever lets something join later.
 */
export function planQuarantineSteps(
  { cluster, restore }: Pick<PhaseContext, 'cluster' | 'restore'>,
  api: Later<ClusterApi>,
): readonly Step[] {
  const { keepSecrets, namespaces, proven } = restore!.quarantine!;
  const disarming: Step<number> = {
    id: 'quarantine',
    phase,
    target: cluster.name,
    text: `take away what leads to the provider, DNS or S3: controllers, finalizers, webhooks${keepSecrets ? '' : ', the contents of Secrets'}`,
    needs: needsOf(api),
    apply: (run) => disarm(valueOf(api, run).kube, keepSecrets, run),
  };
  const counting: Step = {
    id: 'prove',
    phase,
    target: cluster.name,
    text: 'count what it holds',
    needs: [disarming, ...needsOf(api)],
    apply: async (run) => {
      const { names, ...counts } = await countObjects(valueOf(api, run).kube, run);
      refuseMissing(cluster.name, namespaces, names);
      await proven({ ...counts, withheld: run.output(disarming) });
    },
  };
  return [disarming, counting];
}

/** @returns how many Secrets were emptied or removed */
async function disarm(kube: Kube, keepSecrets: boolean, run: StepContext): Promise<number> {
  let secrets = 0;
  for (const { apiVersion, kind, of } of rules) {
    const changes = (await listServed(kube, apiVersion, kind, run)).flatMap((object) => {
      const change = of(object, { keepSecrets });
      return change ? [{ object, change }] : [];
    });
    if (changes.length > 0) run.progress(`${kind}: ${changes.length}`);
    for (let at = 0; at < changes.length; at += atOnce)
      await Promise.all(
        changes.slice(at, at + atOnce).map(({ object, change }) => disarmOne(kube, object, change, run)),
      );
    if (kind === 'Secret') secrets = changes.length;
  }
  return secrets;
}

/** None of a kind that this API does not serve. All kinds are not asked for: an aggregated one would keep that waiting. */
async function listServed(
  kube: Kube,
  apiVersion: string,
  kind: string,
  run: StepContext,
): Promise<readonly KubeObject[]> {
  try {
    return await kube.list(apiVersion, kind, {}, run);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'KUBE_NO_SUCH_KIND') return [];
    throw error;
  }
}

async function disarmOne(kube: Kube, object: KubeObject, change: Disarming, run: StepContext): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const ref = { apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace } };
  if (change.how === 'patch') {
    const own = change.fields['metadata'] as Readonly<Record<string, unknown>>;
    await kube.patch({ ...ref, ...change.fields, metadata: { ...own, ...ref.metadata } }, run);
    return;
  }
  if (change.how === 'delete' && change.finalizers)
    await kube.patch({ ...ref, metadata: { ...ref.metadata, finalizers: null } }, run);
  await kube.delete(ref, { ...run, gracePeriodSeconds: 0 });
  if (change.how === 'anew') await kube.create(change.object, run);
}

const notCounted: ReadonlySet<string> = new Set(['Event', 'ComponentStatus']);

/** What the API lists of every kind: it has to open all of it for that. @returns with the names of namespaces */
async function countObjects(
  kube: Kube,
  run: StepContext,
): Promise<Pick<Proof, 'objects' | 'kinds'> & { readonly names: readonly string[] }> {
  let objects = 0;
  let kinds = 0;
  let names: readonly string[] = [];
  for (const { apiVersion, kind } of await kube.kinds(run)) {
    if (notCounted.has(kind)) continue;
    const found = await kube.list(apiVersion, kind, {}, run);
    objects += found.length;
    if (found.length > 0) kinds += 1;
    if (apiVersion === 'v1' && kind === 'Namespace') names = found.map(({ metadata }) => metadata.name);
  }
  return { objects, kinds, names };
}

/** @throws IncompleteError code COPY_DIFFERS */
function refuseMissing(copy: string, expected: readonly string[], found: readonly string[]): void {
  const missing = expected.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  throw new IncompleteError(`${copy} lacks namespaces that the snapshot has: ${missing.join(', ')}.`, {
    code: 'COPY_DIFFERS',
    hint: `Use another backup. To look at this one: slipway cluster kubeconfig ${copy}`,
  });
}
