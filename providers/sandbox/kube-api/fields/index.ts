import type { Obj } from '../objects.js';
import { builtIns, groupVersion, type Resource } from '../resources.js';
import { badRequest } from '../status.js';
import { kindShape, schemaShape, type Shape } from './shape.js';
import { dotted, without } from './unknown.js';
import { type FieldFaults, fieldFaults, type FieldValidation, goText, refusePatch } from './validation.js';

export { fieldValidation, type FieldValidation, refuseDuplicates, refuseUntyped } from './validation.js';

/** How a request wants its fields looked at, and where warnings go. */
export interface FieldCheck {
  readonly validation: FieldValidation;
  /** The body as it came. */
  readonly text: string;
  readonly type: string;
  readonly warnings: string[];
}

/** The fields of a kind; undefined where they are not known. */
export function shapeOf(resource: Resource): Shape | undefined {
  if (builtIns.includes(resource)) return kindShape(groupVersion(resource), resource.kind);
  return resource.schema && schemaShape(resource.schema);
}

/** Kinds that subresources take, by the last part of the path. */
const subresourceKinds: Readonly<Record<string, readonly [version: string, kind: string]>> = {
  scale: ['autoscaling/v1', 'Scale'],
  eviction: ['policy/v1', 'Eviction'],
  token: ['authentication.k8s.io/v1', 'TokenRequest'],
  binding: ['v1', 'Binding'],
};

/** An object that came in whole, without the fields that its kind does not have. @throws StatusError 400 */
export function checkedFields(resource: Resource, subresource: string, object: Obj, check: FieldCheck): Obj {
  const { validation, text, type } = check;
  const [version, kind] = subresourceKinds[subresource] ?? [resource.version, resource.kind];
  const shape = subresourceKinds[subresource] ? kindShape(version, kind) : shapeOf(resource);
  const isCustom = !builtIns.includes(resource);
  const faults = fieldFaults(shape, object, { isCustom, ...(validation === 'Ignore' ? {} : { text, type }) });
  if (validation === 'Strict' && faults.error !== undefined)
    throw badRequest(
      `${kind} in version "${version.split('/').at(-1)}" cannot be handled as a ${kind}: ${faults.error}`,
    );
  return known(object, faults, isCustom, check);
}

/**
 * An object after a patch. What it had before is not held against the patch.
 * @throws StatusError 422
 */
export function patchedFields(
  resource: Resource,
  before: Obj,
  after: Obj,
  patch: { readonly value: unknown; readonly isStrategic: boolean },
  check: FieldCheck,
): Obj {
  const shape = shapeOf(resource);
  const isCustom = !builtIns.includes(resource);
  const had = new Set(fieldFaults(shape, before).unknown.map(dotted));
  const isList = check.type.includes('json-patch');
  const searched = check.validation === 'Ignore' || isList ? {} : { text: check.text };
  const faults = fieldFaults(shape, after, { isCustom, ...searched, except: had });
  if (check.validation === 'Strict' && faults.error !== undefined)
    refusePatch(patch.isStrategic ? goText(patch.value) : JSON.stringify(after), faults.error);
  return known(after, faults, isCustom, check);
}

function known(object: Obj, faults: FieldFaults, isCustom: boolean, { validation, warnings }: FieldCheck): Obj {
  if (validation === 'Warn') warnings.push(...faults.warnings);
  // A schema of one's own says itself what is left out.
  return isCustom ? object : without(object, faults.unknown);
}
