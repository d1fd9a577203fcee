import { ApiEndpoint } from '../k3s/api-endpoint.js';
import { makeCa, type Pair } from '../k3s/certificates.js';
import { type Identity, KubernetesServer, type KubernetesSnapshot, isRenewal } from '../kube-api/index.js';
import type { Ports } from '../hosts/ports.js';
import type { ManagedNode } from '../linode-api/index.js';
import type { Random } from '../random.js';
import type { SandboxClock, SandboxProfile } from '../types.js';
import { heartbeat, markNodes, registerNode, removeNode } from './nodes.js';

export interface ManagedSnapshot {
  readonly id: number;
  readonly version: string;
  readonly ca: Pair;
  readonly token: string;
  readonly port: number | undefined;
  /** Nodes whose kubelets run. */
  readonly alive: readonly string[];
  readonly kubernetes?: KubernetesSnapshot | undefined;
}

export interface ManagedContext {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  readonly ports: Ports;
  readonly changed: () => void;
  /** Whether an address of this computer may reach the API of a cluster. */
  readonly admits: (id: number, source: string) => boolean;
}

/** Packaged with k3s, and not here. */
const parts = ['servicelb', 'local-storage', 'helm-controller', 'traefik'];
const admin: Identity = { user: 'system:serviceaccount:kube-system:lke-admin', groups: ['system:masters'] };

export const newToken = (random: Random): string => random.bytes(32).toString('hex');

export async function freshManaged(
  id: number,
  version: string,
  { clock, random }: Pick<ManagedContext, 'clock' | 'random'>,
): Promise<ManagedSnapshot> {
  const ca = await makeCa('kubernetes', clock.now());
  return { id, version, ca, token: newToken(random), port: undefined, alive: [] };
}

/** One cluster that somebody else runs: its API on a port of this computer, and the kubelets of its nodes. */
export class ManagedCluster {
  readonly ca: Pair;
  readonly kubernetes: KubernetesServer;
  readonly #endpoint: ApiEndpoint;
  readonly #alive = new Map<string, () => void>();
  #version: string;
  #token: string;
  #port: number | undefined;
  #isOver = false;

  constructor(
    private readonly state: ManagedSnapshot,
    private readonly context: ManagedContext,
  ) {
    const { clock, profile, random, ports } = context;
    this.ca = state.ca;
    this.#version = state.version;
    this.#token = state.token;
    this.#port = state.port;
    const { podStartMs, podStopMs, nodeLostMs } = profile();
    this.kubernetes = new KubernetesServer({
      version: state.version,
      clock,
      podStartMs,
      podStopMs,
      nodeLostMs,
      kubeletLives: (node) => this.#alive.has(node),
      ids: () => uuid(random),
      disabled: parts,
      kinds: 'none',
    });
    if (state.kubernetes) this.kubernetes.restore(state.kubernetes);
    this.kubernetes.start();
    this.kubernetes.store.watch((change) => {
      if (!isRenewal(change)) context.changed();
    });
    for (const node of state.alive) this.#beat(node);
    this.#endpoint = new ApiEndpoint({
      cluster: { ca: state.ca, kubernetes: this.kubernetes, quorate: () => true },
      names: [],
      serial: `7${random.bytes(8).toString('hex').slice(1)}`,
      ports,
      now: () => clock.now(),
      allowed: () => context.admits(state.id, '127.0.0.1'),
      bearer: (token) => (token === this.#token ? admin : undefined),
    });
  }

  get id(): number {
    return this.state.id;
  }

  async open(): Promise<void> {
    this.#port = await this.#endpoint.open(this.#port);
    if (this.#isOver) this.#endpoint.close();
    this.context.changed();
  }

  /** Undefined until it listens. */
  kubeconfig(): { readonly text: string; readonly server: string } | undefined {
    if (this.#port === undefined) return undefined;
    const server = `https://127.0.0.1:${this.#port}`;
    return { server, text: kubeconfigText(this.id, server, this.ca.cert, this.#token) };
  }

  regenerate(): void {
    this.#token = newToken(this.context.random);
  }

  upgrade(version: string): void {
    this.#version = version;
    this.kubernetes.setVersion(version);
    this.context.changed();
  }

  joined(node: ManagedNode): void {
    registerNode(this.kubernetes, node);
    this.context.clock.after(this.context.profile().nodeReadyMs, () => this.#beat(node.name));
  }

  silent(node: string): void {
    this.#alive.get(node)?.();
    this.#alive.delete(node);
  }

  left(node: string): void {
    this.silent(node);
    removeNode(this.kubernetes, node);
  }

  marked(pool: Pick<ManagedNode, 'pool' | 'labels' | 'taints'>, before: readonly string[]): void {
    markNodes(this.kubernetes, pool, before);
  }

  close(): void {
    this.#isOver = true;
    for (const cancel of this.#alive.values()) cancel();
    this.#alive.clear();
    this.kubernetes.stop();
    this.#endpoint.close();
    if (this.#port !== undefined) this.context.ports.give(this.#port);
  }

  snapshot(): ManagedSnapshot {
    return {
      id: this.id,
      version: this.#version,
      ca: this.ca,
      token: this.#token,
      port: this.#port,
      alive: [...this.#alive.keys()],
      kubernetes: this.kubernetes.snapshot(),
    };
  }

  #beat(node: string): void {
    if (this.#isOver || !heartbeat(this.kubernetes, node)) return;
    const { clock, profile } = this.context;
    this.#alive.set(
      node,
      clock.after(profile().nodeLostMs / 4, () => this.#beat(node)),
    );
  }
}

function kubeconfigText(id: number, server: string, ca: string, token: string): string {
  const name = `lke${id}`;
  return [
    'apiVersion: v1',
    'kind: Config',
    'preferences: {}',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${Buffer.from(ca).toString('base64')}`,
    `    server: ${server}`,
    `  name: ${name}`,
    'users:',
    `- name: ${name}-admin`,
    '  user:',
    '    as-user-extra: {}',
    `    token: ${token}`,
    'contexts:',
    '- context:',
    `    cluster: ${name}`,
    '    namespace: default',
    `    user: ${name}-admin`,
    `  name: ${name}-ctx`,
    `current-context: ${name}-ctx`,
    '',
  ].join('\n');
}

const uuid = (random: Random): string =>
  random
    .bytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
