import { type ClusterRef, compareVersions, labelKeys, type Secret } from '../../src/domain/index.js';
import type {
  Distribution,
  DistributionPlan,
  Findings,
  KubeconfigSource,
  ObserveRequest,
} from '../../src/distributions/port.js';
import type { ClusterSpec } from '../../src/domain/spec/schema.js';
import { known, type Step } from '../../src/engine/index.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { KubeObject, NodeFacts, ObjectRef } from '../../src/kube/types.js';
import type { ClusterApi, ClusterFacts, Tools } from '../../src/phases/context.js';
import { ownKubeconfig } from '../../src/workspace/own-kubeconfig.js';

/** What only this distribution finds, and only its own steps are made from. */
interface InMemoryFacts extends ClusterFacts {
  readonly controlPlane: 'made' | 'missing';
}

/**
 * A Kubernetes that somebody else runs: its API is there at once, and its nodes come in pools, with no machine of ours
 * under them and nothing to be a member of.
 */
export class InMemoryDistribution implements Distribution {
  readonly name = 'k3s';
  readonly versions = { compare: compareVersions };
  readonly membership = undefined;
  readonly nodesAreMachines = false;
  readonly bundles = undefined;
  kubeconfig: KubeconfigSource = {
    from: 'provider',
    fetch: (_provider, cluster) =>
      this.#made
        ? Promise.resolve(kubeconfigOf(cluster))
        : Promise.reject(new IncompleteError('It is not made.', { code: 'KUBE_UNREACHABLE', hint: 'Make it.' })),
  };
  readonly fixedFields = [{ path: 'image', read: ({ image }: ClusterSpec) => image ?? 'none' }];
  readonly nodeExtras = {
    stop: (): never => {
      throw new Error('nothing of ours runs on its nodes');
    },
    forget: () => Promise.resolve(),
  };
  readonly nodes = new Map<string, NodeFacts>();
  readonly objects = new Map<string, KubeObject>();
  #changes = 0;
  readonly api = {
    kube: {
      reachable: () => Promise.resolve(true),
      nodes: () => Promise.resolve([...this.nodes.values()]),
      list: () => Promise.resolve([]),
      kinds: () => Promise.resolve([]),
      get: ({ metadata: { name } }: ObjectRef) => Promise.resolve(this.objects.get(name)),
      create: async (object: KubeObject) => (this.objects.has(object.metadata.name) ? undefined : this.#put(object)),
      patch: async (object: KubeObject) => {
        const there = this.objects.get(object.metadata.name);
        return there?.metadata.resourceVersion === object.metadata.resourceVersion ? this.#put(object) : undefined;
      },
      delete: ({ metadata: { name } }: ObjectRef) => Promise.resolve(void this.objects.delete(name)),
    },
    watch: { current: () => this.nodes, close: () => {} },
  } as unknown as ClusterApi;

  #put(object: KubeObject): KubeObject {
    this.#changes += 1;
    const stored = { ...object, metadata: { ...object.metadata, uid: 'one', resourceVersion: `${this.#changes}` } };
    this.objects.set(object.metadata.name, stored);
    return stored;
  }

  #made = false;

  /** One request takes the control plane away, and the nodes with it. */
  deletion(_tools: Tools, { name }: ClusterRef): Promise<readonly Step[]> {
    const step: Step = {
      id: 'delete:cluster',
      phase: 'Pools',
      target: name,
      text: `give back its control plane and ${this.nodes.size} nodes`,
      needs: [],
      destroys: true,
      apply: () => {
        this.#made = false;
        this.nodes.clear();
        return Promise.resolve();
      },
    };
    return Promise.resolve(this.#made ? [step] : []);
  }

  askedOf(nodes: Iterable<NodeFacts>): ReturnType<Distribution['askedOf']> {
    const [node] = nodes;
    return node && { version: node.version };
  }

  async observe(tools: Tools, asked: ObserveRequest, { signal }: { readonly signal: AbortSignal }): Promise<Findings> {
    const { folder } = tools;
    const { cluster, spec, sshPublicKey } = asked;
    const kubeconfig = await folder.kubeconfig();
    const runs = kubeconfig !== undefined && this.#made;
    const nodes = runs ? new Map((await this.api.kube.nodes({ signal })).map((node) => [node.name, node])) : undefined;
    const facts: InMemoryFacts = {
      machines: [],
      comparison: {
        desired: [],
        current: [],
        missing: [],
        excess: [],
        standbys: { missing: [], current: [], excess: [] },
      },
      outdated: [],
      unfit: [],
      newcomerVersion: spec.kubernetes.version,
      madeBy: { config: { 'control-plane': '', worker: '' }, template: '' },
      previews: new Map(),
      resources: [],
      nodes,
      api: runs ? this.api : undefined,
      kubeconfig,
      controlPlane: this.#made ? 'made' : 'missing',
    };
    return {
      request: {
        cluster,
        machines: [],
        locations: [],
        networkRange: spec.network.range,
        sshAllow: [],
        apiAllow: [],
        sshPublicKey,
        accept: [],
        encryption: 'none',
      },
      facts,
      refuseLostControlPlane: () => {},
      bundleNeeds: () => Promise.resolve([]),
      plan: () => this.#plan(tools, asked, facts),
      refuseRestore: () => Promise.resolve(),
      outdatedAfter: () => [],
    };
  }

  #plan({ folder }: Tools, { cluster, spec }: ObserveRequest, facts: InMemoryFacts): DistributionPlan {
    const phase = 'Pools';
    const make: Step = {
      id: 'cluster',
      phase,
      target: cluster.name,
      text: 'ask for a control plane',
      needs: [],
      apply: () => {
        this.#made = true;
        return folder.saveKubeconfig(kubeconfigOf(cluster));
      },
    };
    const begun = facts.controlPlane === 'made' ? [] : [make];
    const wanted = spec.pools.flatMap(({ name, count }) =>
      Array.from({ length: count }, (_, i) => ({ name: `${name}-${i + 1}`, pool: name })),
    );
    const arrivals = wanted
      .filter(({ name }) => !facts.nodes?.has(name))
      .map(({ name, pool }): Step => ({
        id: `node:${name}`,
        phase,
        target: name,
        text: 'ask for a node',
        needs: begun,
        apply: () => Promise.resolve(void this.nodes.set(name, readyNode(name, pool, spec.kubernetes.version))),
      }));
    const removals = [...(facts.nodes?.keys() ?? [])]
      .filter((name) => !wanted.some((one) => one.name === name))
      .map((name): Step => ({
        id: `remove:${name}`,
        phase,
        target: name,
        text: 'give the node back',
        needs: arrivals,
        destroys: true,
        apply: () => Promise.resolve(void this.nodes.delete(name)),
      }));
    return { steps: [...begun, ...arrivals], removals, api: known(this.api), tokenSources: [] };
  }
}

const kubeconfigOf = ({ name }: ClusterRef): Secret =>
  ownKubeconfig({
    cluster: name,
    servers: ['https://api.example'],
    authority: { 'certificate-authority-data': 'Q0E=' },
    user: { token: 'secret' },
  });

const readyNode = (name: string, pool: string, version: string): NodeFacts => ({
  name,
  ready: true,
  version,
  schedulable: true,
  controlPlane: false,
  conditions: { Ready: true },
  address: undefined,
  providerId: undefined,
  labels: { [labelKeys.pool]: pool },
  annotations: {},
  taints: [],
  createdAt: '',
});
