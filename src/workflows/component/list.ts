import type { Requests } from '../../components/types.js';
import type { ClusterRef } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { componentState } from './planned.js';
import { checkEndpoints } from './endpoints.js';
import { note, type WorkflowContext } from '../context.js';

export interface ListedComponent {
  readonly name: string;
  readonly title: string;
  readonly on: boolean;
  /** Why it is on or off: `preset baseline`, `switched off in the file`. */
  readonly because: string;
  /** The chart's; undefined without a chart. */
  readonly version: string | undefined;
  /** False where the file pins another version than the one that was tried. */
  readonly tried: boolean;
  readonly namespace: string;
  /** Of the nodes of this cluster, counted from what is rendered; undefined where it is off. */
  readonly requests: Requests | undefined;
  /** Healthy before it. */
  readonly waitsFor: readonly string[];
  /** Names of environment variables its secrets come from. */
  readonly secrets: readonly string[];
  readonly folder: string;
  readonly builtIn: boolean;
}

export interface ComponentList {
  readonly cluster: string;
  readonly components: readonly ListedComponent[];
  /** Of those that are on. */
  readonly total: Requests;
  /** The nodes that they are counted for: those that the cluster shall have. */
  readonly nodes: { readonly servers: number; readonly workers: number };
  /** Where their data goes outside the cluster. */
  readonly places: readonly {
    readonly component: string;
    readonly what: string;
    readonly where: string;
    readonly country: string | undefined;
  }[];
}

/** Every component there is, whether it is on in this cluster, and why. Looks at no machine and changes nothing. */
export async function listComponents(context: WorkflowContext, spec: ClusterSpec): Promise<ComponentList> {
  const { secretNeeds, sumOf } = await import('../../components/index.js');
  const provider = await context.provider(spec.provider);
  const cluster = await clusterOf(context, spec);
  const { selection, rendered } = await componentState(context, provider, cluster, spec, undefined, 'look');
  for (const warning of selection.warnings) note(context, warning, 'warning');
  const needs = secretNeeds(selection);
  const on = selection.on.map(({ id, definition, namespace, because, version, waitsFor }): ListedComponent => ({
    ...listed(definition),
    name: id,
    namespace,
    on: true,
    requests: rendered.find((one) => one.id === id)!.requests,
    because,
    version,
    tried: version === definition.chart?.version,
    waitsFor,
    secrets: [...new Set(needs.filter((need) => need.component === id).map(({ variable }) => variable))],
  }));
  const off = selection.off.map(({ definition, because }): ListedComponent => ({
    ...listed(definition),
    on: false,
    requests: undefined,
    because,
    version: definition.chart?.version,
    tried: true,
    waitsFor: [],
    secrets: [],
  }));
  const places = await checkEndpoints(context, selection, spec);
  return {
    cluster: spec.name,
    components: [...on, ...off],
    total: sumOf(rendered.map(({ requests }) => requests)),
    nodes: {
      servers: spec.controlPlane.count,
      workers: spec.pools.reduce((sum, pool) => sum + pool.count, 0),
    },
    places: places.map(({ component, what, where, country }) => ({ component, what, where, country })),
  };
}

type Own = Pick<ListedComponent, 'name' | 'title' | 'namespace' | 'folder' | 'builtIn'>;

const listed = ({ name, title, namespace, folder, builtIn }: Own): Own => ({
  name,
  title,
  namespace,
  folder,
  builtIn,
});

/** Stands where the id belongs of a cluster that does not exist yet. */
export const noId = 'planned';

export async function clusterOf(context: Pick<WorkflowContext, 'workspace'>, spec: ClusterSpec): Promise<ClusterRef> {
  const record = await context.workspace.cluster(spec.name).record();
  return record ?? { name: spec.name, id: noId };
}
