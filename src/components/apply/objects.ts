import { createHash } from 'node:crypto';

import type { KubeObject, ObjectRef } from '../../kube/types.js';

/** On everything that an instance put into the cluster: its id. */
export const componentLabel = 'slipway.dev/component';

/** On namespaces that were not there before a component needed them: they may go with the last that uses them. */
export const madeAnnotation = 'slipway.dev/made-for';

/** `apps/v1 Deployment shop/web`: unique in a cluster. */
export function refKey({ apiVersion, kind, metadata }: ObjectRef): string {
  return `${apiVersion} ${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

/** For people: `ConfigMap monitoring/dashboards`. */
export function shownRef({ kind, metadata }: Pick<ObjectRef, 'kind' | 'metadata'>): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

/** The object with the label that tells whose it is. */
export function labelled(object: KubeObject, id: string): KubeObject {
  const labels = { ...object.metadata.labels, [componentLabel]: id };
  return { ...object, metadata: { ...object.metadata, labels } };
}

export function annotated(object: KubeObject, annotation: string, value: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [annotation]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Equal values give equal text, whatever the order of their keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]));
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32);
}

/**
 * Whether everything that is desired is there, whatever else is. False for what only looks different, such as
 * a quantity the API writes in another way: whoever needs to be sure asks the API.
 */
export function includes(found: unknown, desired: unknown): boolean {
  if (desired === null || desired === undefined) return found === null || found === undefined;
  if (Array.isArray(desired)) {
    return (
      Array.isArray(found) && found.length === desired.length && desired.every((entry, i) => includes(found[i], entry))
    );
  }
  if (typeof desired !== 'object') return found === desired;
  if (typeof found !== 'object' || found === null) return Object.keys(desired).length === 0 && found === undefined;
  return Object.entries(desired).every(([key, entry]) => includes((found as Record<string, unknown>)[key], entry));
}
