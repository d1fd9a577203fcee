import { isMap, type Obj, same } from './objects.js';
import type { Resource } from './resources.js';
import { type Cause, refusal } from './status.js';

type Spec = Readonly<Record<string, unknown>>;

const specOf = ({ spec }: Obj, field: string): unknown => spec?.[field];
const shown = (value: unknown): string => JSON.stringify(value) ?? 'null';

/** Changes that the API does not take. */
export function forbiddenChanges(resource: Resource, before: Obj, after: Obj): readonly Cause[] {
  const causes: Cause[] = [...lateFinalizers(before, after)];
  const fixed = (field: string, was: unknown, is: unknown, mayBeSet = false): void => {
    if ((mayBeSet && (was === undefined || was === '')) || same(was, is)) return;
    causes.push({ field, message: `Invalid value: ${shown(is)}: field is immutable` });
  };
  if (resource.group === 'apps') fixed('spec.selector', specOf(before, 'selector'), specOf(after, 'selector'));
  if (resource.group !== '') return causes;
  if (resource.plural === 'nodes')
    fixed('spec.providerID', specOf(before, 'providerID'), specOf(after, 'providerID'), true);
  if (resource.plural === 'pods') causes.push(...podChanges(before, after));
  if (resource.plural === 'secrets') fixed('type', before['type'], after['type']);
  if (['configmaps', 'secrets'].includes(resource.plural) && before['immutable'] === true) {
    const message = 'Forbidden: field is immutable when `immutable` is set';
    for (const field of ['immutable', 'data', 'binaryData'])
      if (!same(before[field] ?? {}, after[field] ?? {})) causes.push({ field, message });
  }
  return causes;
}

/** @throws StatusError 422 */
export function refuseImmutable(resource: Resource, before: Obj, after: Obj): void {
  const causes = forbiddenChanges(resource, before, after);
  if (causes.length > 0) throw refusal(resource, before.metadata.name, causes);
}

/** The server looks at an object's metadata twice, and finds the same twice. */
function lateFinalizers({ metadata: before }: Obj, { metadata: after }: Obj): readonly Cause[] {
  if (!before.deletionTimestamp) return [];
  const late = (after.finalizers ?? []).filter((one) => !(before.finalizers ?? []).includes(one));
  if (late.length === 0) return [];
  const list = late.map((one) => JSON.stringify(one)).join(', ');
  const cause = {
    field: 'metadata.finalizers',
    message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  };
  return [cause, cause];
}

const mayChange = ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'schedulingGates'];

/** Of a pod's specification little may change: images, tolerations, how long it may take. */
function podChanges(before: Obj, after: Obj): readonly Cause[] {
  const [was, is] = [comparable(before.spec ?? {}), comparable(after.spec ?? {})];
  // A binding names the node, once.
  if (was['nodeName'] === undefined || was['nodeName'] === '') delete is['nodeName'];
  if (same(was, is)) return [];
  const message =
    'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [{ field: 'spec', message }];
}

function comparable(spec: Spec): Record<string, unknown> {
  const rest = Object.fromEntries(Object.entries(spec).filter(([field]) => !mayChange.includes(field)));
  for (const field of ['containers', 'initContainers']) {
    if (!Array.isArray(rest[field])) continue;
    rest[field] = (rest[field] as unknown[]).map((one) => (isMap(one) ? { ...one, image: '' } : one));
  }
  return rest;
}
