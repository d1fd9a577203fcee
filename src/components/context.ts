import type { JsonSchema } from '../domain/source/json-schema.js';
import { labelKeys } from '../domain/labels.js';
import type { ClusterSpec, PoolSpec } from '../domain/spec/schema.js';
import type { RenderInput, SelectedComponent, TemplateContext } from './types.js';

const closed = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

/** Every name a template of a component with these options may use. */
export function contextSchema(options: JsonSchema): JsonSchema {
  return closed({
    cluster: closed({ name: {}, id: {} }),
    options,
    provider: { type: 'object', properties: { name: {}, serviceLoadBalancer: {}, storageClass: {} } },
    network: closed({ range: {}, pods: {}, services: {} }),
    components: {
      type: 'object',
      additionalProperties: closed({ namespace: {}, release: {}, options: {} }),
    },
    pool: {},
    storage: closed({ class: {}, size: {} }),
    servers: {},
    workers: {},
    kubernetes: closed({ version: {}, minor: {} }),
    release: {},
    namespace: {},
  });
}

/**
 * What the templates of all instances of one owner are given alike.
 * @param visible to that owner
 */
export function sharedContext(
  visible: readonly SelectedComponent[],
  { cluster, spec, provider }: RenderInput,
): TemplateContext {
  const { range, pods, services } = spec.network;
  const has = visible.flatMap(({ definition }) => [definition.name, ...definition.provides]);
  return {
    cluster: { name: cluster.name, id: cluster.id },
    provider: {
      ...provider.values,
      name: provider.name,
      serviceLoadBalancer: provider.serviceLoadBalancer,
      storageClass: provider.storageClass,
    },
    network: { range, pods, services },
    components: Object.fromEntries(
      visible.map(({ definition, namespace, release, options }) => [definition.name, { namespace, release, options }]),
    ),
    servers: spec.controlPlane.count,
    workers: spec.pools.reduce((sum, pool) => sum + pool.count, 0),
    kubernetes: { version: spec.kubernetes.version, minor: Number(spec.kubernetes.version.split('.')[1]) },
    has: Object.fromEntries(has.map((name) => [name, true])),
  };
}

/** What the templates of one instance are given. */
export function contextOf(selected: SelectedComponent, shared: TemplateContext, spec: ClusterSpec): TemplateContext {
  const { options, pool, storage, release, namespace } = selected;
  return {
    ...shared,
    options,
    pool,
    storage,
    release,
    namespace,
    placement: pool === undefined ? {} : placementOn(pool, spec.pools),
  };
}

/** `nodeSelector` and `tolerations` of pods that live on a pool. */
export function placementOn(name: string, pools: readonly PoolSpec[]): Readonly<Record<string, unknown>> {
  const platform = { key: 'slipway.dev/platform', operator: 'Exists' };
  const taints = pools.find((pool) => pool.name === name)?.taints ?? [];
  const own = taints
    .filter(({ key }) => key !== platform.key)
    .map(({ key, value, effect }) =>
      value === undefined ? { key, operator: 'Exists', effect } : { key, operator: 'Equal', value, effect },
    );
  return { nodeSelector: { [labelKeys.pool]: name }, tolerations: [platform, ...own] };
}
