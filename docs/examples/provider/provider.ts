import { type Boundary, withBoundary } from '../../../src/domain/boundary.js';
import type { Clock } from '../../../src/domain/clock.js';
import { clusterLabels } from '../../../src/domain/labels.js';
import type { ClusterRef, Machine } from '../../../src/domain/machine.js';
import { hasCode } from '../../../src/http/api/errors.js';
import { imageProblems, locationProblems, typeProblems } from '../../../src/provider/kit/catalog-problems.js';
import { createNamed } from '../../../src/provider/kit/create-named.js';
import { createdBefore } from '../../../src/provider/kit/infrastructure.js';
import { choicesOf, createText } from '../../../src/provider/kit/first-offer.js';
import { nodesAlone } from '../../../src/provider/kit/kubernetes.js';
import { machineNameProblems } from '../../../src/provider/kit/machine-names.js';
import * as kit from '../../../src/provider/kit/ownership.js';
import { rentedTexts, rentedTraits } from '../../../src/provider/kit/rented.js';
import { accountLimit, soldOut } from '../../../src/provider/kit/shortages.js';
import type * as port from '../../../src/provider/port.js';
import type { CloudMachine, CloudResource, MemoryCloud } from './cloud.js';

export interface MemoryProviderOptions {
  readonly cloud: MemoryCloud;
  readonly clock: Clock;
  /** Passed around each call of the cloud, so that a run can be stopped or killed at any of them. */
  readonly boundary: Boundary;
}

const title = 'the cloud in memory';
const nameLimit = 63;
const words: kit.AccountWords = { account: 'account', console: 'console', own: 'an account of its own' };
const image = { id: '1', name: 'ubuntu-26.04', architecture: 'amd64' as const, available: true };
const locations: readonly port.Location[] = [
  { name: 'north', city: 'Northtown', country: 'FI', zone: 'mainland' },
  { name: 'south', city: 'Southtown', country: 'DE', zone: 'mainland' },
  { name: 'island', city: 'Islandtown', country: 'IE', zone: 'island' },
];
const machineTypes = [
  { name: 'small', cores: 2, memoryGiB: 4, diskGB: 40, hourly: 0.01, at: ['north', 'south', 'island'] },
  { name: 'large', cores: 8, memoryGiB: 16, diskGB: 160, hourly: 0.04, at: ['north', 'south'] },
];

/** A resource of the plan, with all that `ensure` needs to make it. */
interface Planned extends port.InfrastructureResource {
  readonly kind: string;
  readonly content: string;
  readonly cluster: ClusterRef;
}

/** A whole provider, for a cloud that only this process knows. Copy it, and put a client of yours in the place of `cloud`. */
export function createMemoryProvider({ cloud, clock, boundary }: MemoryProviderOptions): port.MachineProvider {
  /** Every way to the cloud leads through here. */
  const call = <T>(what: string, work: () => T): Promise<T> =>
    withBoundary(boundary, 'provider', what, async () => work());
  const context: Context = { cloud, clock, call };
  return {
    name: 'memory',
    title,
    traits: rentedTraits,
    defaults: { controlPlaneType: 'small', workerType: 'small', location: 'north', image: image.name },
    nameLimit,
    kubernetesIntegration: nodesAlone,
    infrastructure: infrastructure(context),
    machines: machines(context),
    catalog: () => call('read the catalogue', () => catalogOf(cloud)),
    preflight: (request) => preflight(context, request),
    credentialProblem: async () => undefined,
    clusters: () =>
      call('list everything', () => kit.clustersByLabel([...cloud.machines.values()], [...cloud.resources.values()])),
    unreachable: async () => [],
    // What a cloud controller or a CSI driver makes; here there is neither.
    ownedResources: async () => [],
    removeOwnedResource: async () => {},
    labelOwnedResource: async () => {},
    ownAddress: async () => '192.0.2.1/32',
  };
}

interface Context extends Pick<MemoryProviderOptions, 'cloud' | 'clock'> {
  readonly call: <T>(what: string, work: () => T) => Promise<T>;
}

function catalogOf({ soldOut: gone }: MemoryCloud): port.Catalog {
  const types = machineTypes.map(({ at, hourly, ...type }) => ({
    ...type,
    architecture: image.architecture,
    offers: at.map((location) => {
      const available = !gone.has(`${type.name} at ${location}`);
      return { location, available, hourly, monthly: hourly * 700 };
    }),
  }));
  const prices = locations.map(({ name }) => ({ location: name, monthly: 1 }));
  return { locations, machineTypes: types, currency: 'EUR', volumeMonthly: 0.05, balancers: prices, addresses: prices };
}

async function preflight({ cloud, clock, call }: Context, request: port.ClusterRequest): Promise<port.Problem[]> {
  const found = await call('list machines', () => [...cloud.machines.values()]);
  const market = { title, catalog: catalogOf(cloud), now: clock.now() };
  const existing = new Set(found.map(({ name }) => name));
  const desired = new Set(request.machines.map(({ name }) => name));
  const taken = found.filter((one) => desired.has(one.name) && !kit.isOurs(one, request.cluster.id));
  return [
    ...locationProblems(request, market),
    ...typeProblems(request, market, existing),
    ...imageProblems(request, market, [image], existing),
    ...machineNameProblems(request, { title, nameLimit }),
    ...taken.map((one) => ({ code: 'NAME_TAKEN', kind: 'refused', ...kit.nameTaken(words, 'machine', one) }) as const),
  ];
}

function infrastructure({ cloud, clock, call }: Context): port.Infrastructure {
  const ofKind = (kind: string): CloudResource[] => [...cloud.resources.values()].filter((one) => one.kind === kind);
  const ours = ({ kind, name, cluster }: Planned): CloudResource | undefined =>
    kit.findOurs(words, kind, ofKind(kind), name, cluster.id);
  return {
    plan: (request) =>
      call('list resources', () =>
        desiredResources(request).map((one): Planned => {
          const own = ours(one);
          const state = own ? (own.content === one.content ? 'present' : 'differs') : 'missing';
          const text = `${state === 'differs' ? 'change' : 'create'} ${one.kind} ${one.name}: ${one.content}`;
          return { ...one, text, state, ...(own && state === 'present' ? { ready: { id: own.id } } : {}) };
        }),
      ),

    async ensure(resource, _made, { signal }) {
      const planned = resource as Planned;
      const { kind, name, content, cluster } = planned;
      const find = (): Promise<CloudResource | undefined> => call(`find ${kind}`, () => ours(planned));
      const create = (): Promise<CloudResource> =>
        call(`create ${kind}`, () => cloud.createResource({ kind, name, labels: clusterLabels(cluster), content }));
      const own = await createNamed({ clock, timeScale: 1, signal }, async () => (await find()) ?? create(), find);
      if (own.content !== content) await call(`change ${kind}`, () => void (own.content = content));
      return { id: own.id };
    },

    neededBy: (_machine, resources) => resources,
    list: (cluster) =>
      call('list resources', () => [...cloud.resources.values()].filter((one) => kit.isOurs(one, cluster.id))),
    remove: ({ id }) => call('delete resource', () => void cloud.resources.delete(id)),
  };
}

function desiredResources({ cluster, sshPublicKey, networkRange, sshAllow, apiAllow }: port.ClusterRequest): Planned[] {
  const one = (kind: string, content: string): Planned => ({
    ...{ id: kind, kind, name: `${cluster.name}-${kind}`, content, cluster },
    ...{ text: '', state: 'missing', needs: [] },
  });
  return [
    one('ssh-key', sshPublicKey),
    one('network', networkRange),
    one('firewall', `SSH from ${sshAllow.join(', ')}; Kubernetes API from ${apiAllow.join(', ')}`),
  ];
}

function machines({ cloud, clock, call }: Context): port.Machines {
  const list = (fits: (machine: CloudMachine) => boolean): Promise<CloudMachine[]> =>
    call('list machines', () => [...cloud.machines.values()].filter(fits));
  return {
    ...rentedTexts,
    previewCreate: async (_cluster, requests) =>
      new Map(requests.map((request) => [request.name, createText(request, catalogOf(cloud).machineTypes)])),
    list: async (cluster) => (await list((one) => kit.isOurs(one, cluster.id))).map(toMachine),

    async create(request, userData, made, options) {
      const clusterId = kit.clusterOf(request.labels).id;
      const sshKey = cloud.resources.get(createdBefore(made, 'ssh-key').id)?.content ?? '';
      const find = async (): Promise<CloudMachine | undefined> => (await list(({ name }) => name === request.name))[0];
      const order = async (): Promise<CloudMachine> => {
        let refusal: unknown;
        for (const choice of choicesOf(request)) {
          try {
            const createdAt = new Date(clock.now()).toISOString();
            const asked = { ...request, ...choice, createdAt, userData, sshKey };
            return await call('create machine', () => cloud.createMachine(asked));
          } catch (error) {
            if (hasCode(error, 'account_limit')) {
              const existing = await list((one) => kit.isOurs(one, clusterId));
              throw accountLimit({ title, limitsPage: 'the console' }, request, existing, error);
            }
            if (!hasCode(error, 'sold_out')) throw error;
            options.progress?.(`no ${choice.type} is to be had at ${choice.location}`);
            refusal = error;
          }
        }
        throw soldOut(request, request.types, refusal);
      };
      const waits = { clock, timeScale: 1, signal: options.signal };
      const machine = await createNamed(waits, async () => (await find()) ?? order(), find);
      if (!kit.isOurs(machine, clusterId)) throw kit.nameTakenError(words, 'machine', machine);
      if (!machine.running) await call('start machine', () => cloud.restartMachine(machine.id));
      return toMachine(machine);
    },

    delete: ({ id }) => call('delete machine', () => cloud.deleteMachine(id)),
    reboot: ({ id }) => call('restart machine', () => cloud.restartMachine(id)),
  };
}

const toMachine = ({ running, image: name, ...machine }: CloudMachine): Machine => ({
  ...machine,
  ...kit.placeOf(machine.labels),
  imageNames: [name],
  status: running ? 'running' : 'off',
});
