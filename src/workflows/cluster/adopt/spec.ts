import type { Distribution } from '../../../distributions/port.js';
import { controlPlanePool, inRange, type Machine } from '../../../domain/index.js';
import { anyFields, clusterSchemaFor, type ClusterFile, type ClusterSpec } from '../../../domain/spec/schema.js';
import { UsageError } from '../../../errors/index.js';
import { observeInventories } from '../../../components/apply/facts.js';
import type { MachineProvider } from '../../../provider/port.js';
import { nodesInPools } from '../../pool/nodes-in-pools.js';
import type { WayIn } from './way-in.js';

/** Defaults of all but what is in the words of the distribution, which the nodes tell. */
const clusterSchema = clusterSchemaFor(anyFields);

/** Of an odd number of servers that etcd may have; one that is lost right now is still asked for. */
const serverCounts = [1, 3, 5] as const;

interface Sources {
  readonly provider: MachineProvider;
  readonly distribution: Pick<Distribution, 'name' | 'askedOf' | 'nodesAreMachines'>;
}

/**
 * What a cluster of which no file and no record is left was asked for, as far as machines and nodes tell of it.
 * @throws UsageError code FILE_NEEDED where they do not tell all
 */
export async function specFromCluster(
  name: string,
  { provider, distribution }: Sources,
  machines: readonly Machine[],
  wayIn: WayIn | undefined,
  signal: AbortSignal,
): Promise<ClusterSpec> {
  const asked = distribution.askedOf(wayIn?.nodes.values() ?? []);
  const untold = wayIn ? await untoldOf(provider, machines, wayIn, signal) : [];
  if (!asked) untold.unshift('which Kubernetes it runs');
  if (machines.some(({ login }) => login !== undefined)) untold.unshift('which hosts it may use');
  if (untold.length > 0) {
    throw new UsageError(`Nothing here or at ${provider.title} tells what ${name} was asked for.`, {
      code: 'FILE_NEEDED',
      details: untold,
      hint: 'Give its cluster file: -f cluster.yaml',
    });
  }
  const kubernetes = { distribution: distribution.name, ...asked };
  const members = distribution.nodesAreMachines ? machines : nodesInPools(wayIn?.nodes);
  return clusterSchema.parse(specOf(name, provider, machines, members, kubernetes));
}

/** What only the file says, a line each. */
async function untoldOf(
  provider: MachineProvider,
  machines: readonly Machine[],
  { api }: WayIn,
  signal: AbortSignal,
): Promise<string[]> {
  const { range } = clusterSchema.parse({ name: 'x', provider: { name: provider.name } }).network;
  const outside = machines.filter(
    ({ privateAddress }) => privateAddress !== undefined && !inRange(privateAddress, range),
  );
  const components = [...(await observeInventories(api.kube, { signal })).keys()].filter(
    (component) => !provider.kubernetesIntegration.required.includes(component),
  );
  return [
    ...(outside.length > 0 ? [`the range of its private network, which is not ${range}`] : []),
    ...(components.length > 0 ? [`the settings of its components: ${components.join(', ')}`] : []),
  ];
}

function specOf(
  name: string,
  provider: MachineProvider,
  machines: readonly Machine[],
  members: readonly Member[],
  kubernetes: ClusterFile['kubernetes'],
): ClusterFile {
  const servers = machines.filter(({ pool }) => pool === controlPlanePool);
  const workers = members.filter(({ pool }) => pool !== controlPlanePool);
  const pools = [...new Set(workers.map(({ pool }) => pool))].sort();
  return {
    name,
    provider: { name: provider.name, locations: told(machines.map(({ location }) => location)) },
    kubernetes,
    controlPlane: {
      count: serverCounts.find((count) => count >= sizeOf(servers)) ?? 5,
      type: told(servers.map(({ type }) => type)),
    },
    pools: pools.map((pool) => {
      const own = workers.filter((member) => member.pool === pool);
      return { name: pool, count: sizeOf(own), type: told(own.map(({ type }) => type)) };
    }),
  };
}

type Member = ReturnType<typeof nodesInPools>[number] & { readonly slot?: number };

/** Each once; undefined where nothing tells any. */
function told(values: readonly (string | undefined)[]): string[] | undefined {
  const distinct = [...new Set(values.filter((value) => value !== undefined))];
  return distinct.length === 0 ? undefined : distinct;
}

/** By the highest slot, since a machine that is lost right now is still asked for; nodes without machines have none. */
const sizeOf = (members: readonly Member[]): number =>
  Math.max(0, ...members.map(({ slot }, index) => slot ?? index + 1));
