import { isMap, type Obj } from './objects.js';
import { labelTexts } from './selectors.js';
import { badRequest, invalid } from './status.js';
import type { Resource } from './resources.js';

/** How many of a workload there are and shall be, as `kubectl scale` and autoscalers read it. */
export function scaleOf({ metadata, spec, status }: Obj): Obj {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = labelTexts(spec?.['selector']);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Obj['metadata'],
    spec: { replicas: spec?.['replicas'] ?? 0 },
    status: { replicas: status?.['replicas'] ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

/** A workload with the number that a Scale asks for. @throws StatusError 400, 422 */
export function scaled(before: Obj, scale: unknown): Obj {
  if (!isMap(scale) || (scale['kind'] !== undefined && scale['kind'] !== 'Scale'))
    throw badRequest('the object provided is unrecognized (must be of type Scale)');
  const { spec, metadata } = scale as Partial<Obj>;
  const replicas = spec?.['replicas'] ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas is no int32');
  if (replicas < 0)
    throw invalid(
      { group: 'autoscaling', kind: 'Scale' } satisfies Pick<Resource, 'group' | 'kind'>,
      before.metadata.name,
      'spec.replicas',
      `Invalid value: ${replicas}: must be greater than or equal to 0`,
    );
  const { resourceVersion, ...own } = before.metadata;
  const asked = metadata?.resourceVersion;
  return {
    ...before,
    metadata: { ...own, ...(asked ? { resourceVersion: asked } : resourceVersion ? { resourceVersion } : {}) },
    spec: { ...before.spec, replicas },
  };
}
