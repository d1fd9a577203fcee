import pLimit from 'p-limit';

import { isSameOwner } from '../instance.js';
import type { Owner, RenderedComponent, ResolvedSecret } from '../types.js';
import { messageOf, SlipwayError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions, ObjectRef } from '../../kube/types.js';
import { type ComponentFacts, getKnown } from './facts.js';
import { type Inventory, itemRef } from './inventory.js';
import { componentLabel, refKey, shownRef } from './objects.js';
import { ownObjects } from './rendered.js';
import { secretKey, secretsFor } from './secrets.js';

/** An object that a component needs under a name that somebody else's has. */
export interface ForeignObject {
  readonly component: string;
  /** For people: `ConfigMap traefik/extra, managed by kubectl`. */
  readonly text: string;
}

/** Asks of the API at once. */
const parallel = 8;

/**
 * Everything that stands where components would put something of theirs, found before the first change. What somebody
 * else made and an apply would not take from them is theirs, and so is a HelmChart or a Secret without our label.
 */
export async function foreignObjects(
  kube: Kube,
  rendered: readonly RenderedComponent[],
  secrets: readonly ResolvedSecret[],
  facts: ComponentFacts,
  options: KubeOptions,
): Promise<readonly ForeignObject[]> {
  const limit = pLimit(parallel);
  const known = appliedKeys(facts, [...facts.inventories.values()]);
  const checks = rendered.flatMap((component) => {
    const { id, chart, owner } = component;
    const foreign = (text: string): ForeignObject => ({ component: id, text });
    const others = keysOfOthers(owner, facts);
    const live = chart && facts.charts.get(chart.metadata.name);
    const charts = live && !isMarked(live) && !known.has(refKey(live)) ? [foreign(shownRef(live))] : [];
    const names = [
      ...[...ownObjects(component), ...(live ? [live] : [])].map(
        (object) => [refKey(object), shownRef(object)] as const,
      ),
      ...secretsFor(id, secrets).map((secret) => [secretKey(secret), shownRef(secretRef(secret))] as const),
    ];
    const taken = names.flatMap(([key, shown]) => {
      const whose = others.get(key);
      return whose === undefined ? [] : [foreign(`${shown}, of ${whose}`)];
    });
    const objects = ownObjects(component)
      .filter((object) => !known.has(refKey(object)) && !facts.objects.has(refKey(object)))
      // What is in a namespace that is not there is not there either.
      .filter(({ metadata: { namespace } }) => namespace === undefined || facts.namespaces.has(namespace))
      .map((object) => async () => (await conflictOf(kube, object, options))?.map(foreign) ?? []);
    const own = secretsFor(id, secrets)
      .filter((secret) => !known.has(secretKey(secret)) && !facts.secrets.has(secretKey(secret)))
      .map((secret) => async () => {
        const ref = secretRef(secret);
        return (await getKnown(kube, ref, options)) ? [foreign(shownRef(ref))] : [];
      });
    return [() => Promise.resolve([...charts, ...taken]), ...objects, ...own];
  });
  return (await Promise.all(checks.map((check) => limit(check)))).flat();
}

const secretRef = ({ name, namespace }: ResolvedSecret): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
});

const isMarked = ({ metadata }: KubeObject): boolean => metadata.labels?.[componentLabel] !== undefined;

/** What instances of other owners have, by `refKey`, with the id of whose it is: a tenant takes nothing from the cluster. */
function keysOfOthers(owner: Owner, facts: ComponentFacts): ReadonlyMap<string, string> {
  const others = [...facts.inventories.values()].filter((one) => !isSameOwner(one.owner, owner));
  return new Map(others.flatMap((one) => [...appliedKeys(facts, [one])].map((key) => [key, one.id])));
}

/** What these inventories name as applied: by `refKey`, charts too, and Secrets by `secretKey`. */
function appliedKeys({ charts }: ComponentFacts, inventories: readonly Inventory[]): ReadonlySet<string> {
  return new Set(
    inventories.flatMap(({ items, secrets, release }) => {
      const chart = release === undefined ? undefined : charts.get(release);
      return [
        ...items.filter(({ hash }) => hash !== '').map((item) => refKey(itemRef(item))),
        ...secrets.map(secretKey),
        ...(chart ? [refKey(chart)] : []),
      ];
    }),
  );
}

/** Undefined: it is not there, or an apply would meet nobody. */
async function conflictOf(kube: Kube, object: KubeObject, options: KubeOptions): Promise<string[] | undefined> {
  const ref: ObjectRef = object;
  if (!(await getKnown(kube, ref, options))) return undefined;
  try {
    await kube.apply(object, { ...options, dryRun: true });
    return undefined;
  } catch (error) {
    options.signal.throwIfAborted();
    // Whatever else an apply would meet, the apply itself will say.
    if (!(error instanceof SlipwayError) || error.code !== 'KUBE_CONFLICT') return undefined;
    const text = [messageOf(error), ...error.details].join(' ');
    const managers = [...new Set([...text.matchAll(/conflicts? with "([^"]+)"/g)].map(([, manager]) => manager))];
    return [`${shownRef(object)}${managers.length === 0 ? '' : `, managed by ${managers.join(' and ')}`}`];
  }
}
