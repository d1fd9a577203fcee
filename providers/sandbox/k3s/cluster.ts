import { agreedVersion, etcdIn } from './etcd-versions.js';
import { quorumOf } from './quorum.js';
import type { Random } from '../random.js';
import type { SandboxClock, SandboxProfile } from '../types.js';
import { isRenewal, KubernetesServer, type KubernetesSnapshot, type Obj } from '../kube-api/index.js';
import { type ChartFaults, HelmController, HelmProgram, imageTrouble } from '../helm/index.js';
import type { ClusterState } from '../kube-api/controllers/cluster.js';
import type { CloudCall } from './cloud-client.js';
import type { Machine } from '../hosts/machine.js';
import { AuthorizeProgram } from './authorize-program.js';
import { VolumeProgram } from './volume-program.js';
import { HcloudController } from './hcloud-controller.js';
import { LinodeController } from './linode-controller.js';
import { HcloudVolumes } from './cloud-volumes.js';
import { caHash, type Pair } from './certificates.js';

export interface Member {
  readonly machine: number;
  readonly node: string;
  /** Its own: one that joins anew has another. */
  readonly name: string;
  voter: boolean;
}

export interface ClusterSnapshot {
  readonly id: string;
  readonly ca: Pair;
  readonly serverToken: string;
  readonly agentToken: string;
  readonly critical: string;
  /** What its first server was told to leave out. */
  readonly disabled: readonly string[];
  /** The newest that a server of it has run. */
  readonly version: string;
  /** What the members of etcd have agreed on, `3.6.0`; undefined: what its first server brought. */
  readonly etcdVersion?: string | undefined;
  readonly members: readonly Member[];
  /** The machine whose k3s holds the lease of k3s's controllers. */
  readonly leader?: number | undefined;
  readonly kubernetes?: KubernetesSnapshot;
  /** No controller of it runs. */
  readonly idle?: boolean | undefined;
}

export interface ClusterContext {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  /** Whether the etcd process of a machine runs. */
  readonly runs: (machine: number) => boolean;
  readonly changed: () => void;
  /** A machine is no member any more. */
  readonly takenOut: (machine: number) => void;
  readonly chartFaults: ChartFaults;
  /** The machine on which this node's kubelet runs. */
  readonly hostOf: (node: string) => Machine | undefined;
  /** The cloud's API, as a controller inside calls it. */
  readonly cloudCall: CloudCall;
}

/** The first minor whose helm jobs carry the release's revision. */
const comparesFrom = 36;

/** How long the lease of k3s's controllers outlives the one who held it. */
const leaseMs = 45_000;

/** Annotations of k3s on nodes: a member shall go, and has gone. */
const removal = 'etcd.k3s.cattle.io/remove';
const removed = 'etcd.k3s.cattle.io/removed-node-name';
const memberName = 'etcd.k3s.cattle.io/node-name';

/** What a server does with these on its own node when it begins to serve as a member of this name. */
export function membershipIn(annotations: Readonly<Record<string, string>>, member: string): Record<string, string> {
  const { [removal]: asked, [removed]: before, ...others } = annotations;
  const stays = {
    ...(asked !== undefined && { [removal]: asked }),
    ...(before !== undefined && { [removed]: before }),
  };
  return { ...others, ...(before === undefined || before === member ? stays : {}), [memberName]: member };
}

/** By minor, patch and build. */
function isNewer(version: string, than: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const [a, b] = [numbers(version), numbers(than)];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && a[at]! > (b[at] ?? 0);
}

const uuid = (random: Random): string =>
  random
    .bytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** One k3s cluster: its authority, tokens, etcd members, and the API that they serve while they have quorum. */
export class Cluster {
  readonly id: string;
  readonly ca: Pair;
  readonly critical: string;
  readonly disabled: readonly string[];
  readonly #idle: boolean;
  readonly members: Member[];
  readonly kubernetes: KubernetesServer;
  /** Nodes whose member is out, which nobody has said yet. */
  readonly #leaving = new Set<string>();
  #leader: number | undefined;
  #version: string;
  #etcdVersion: string;
  #serverToken: string;
  #agentToken: string;

  constructor(
    state: ClusterSnapshot,
    private readonly context: ClusterContext,
  ) {
    this.id = state.id;
    this.ca = state.ca;
    this.#serverToken = state.serverToken;
    this.#agentToken = state.agentToken;
    this.critical = state.critical;
    this.disabled = state.disabled;
    this.#idle = state.idle ?? false;
    this.#version = state.version;
    this.#etcdVersion = state.etcdVersion ?? agreedVersion('3.0.0', [etcdIn(state.version)]);
    this.members = state.members.map((member) => ({ ...member }));
    this.#leader = state.leader;
    const { podStartMs, podStopMs, nodeLostMs } = context.profile();
    const parts = (): ClusterState => this.kubernetes.controllers.cluster;
    const controllers = [
      new HcloudController(parts, context.cloudCall),
      new LinodeController(parts, context.cloudCall),
    ];
    this.kubernetes = new KubernetesServer({
      version: state.version,
      clock: context.clock,
      podStartMs,
      podStopMs,
      nodeLostMs,
      kubeletLives: (node) => context.hostOf(node)?.isCutOff === false,
      ids: () => uuid(context.random),
      disabled: state.disabled,
      programs: (server) => [
        new HelmProgram(() => server.controllers.cluster, context.chartFaults),
        imageTrouble(context.chartFaults),
        new AuthorizeProgram(() => server.controllers.cluster, context.hostOf),
        new VolumeProgram(() => server.controllers.cluster),
        ...controllers,
      ],
    });
    const volumes = new HcloudVolumes(this.kubernetes.controllers.cluster, context.cloudCall);
    this.kubernetes.controllers.cluster.volumeDrivers.push(volumes);
    if (state.kubernetes) this.kubernetes.restore(state.kubernetes);
    this.kubernetes.start(!this.#idle);
    const minor = Number(/^v1\.(\d+)/.exec(state.version)?.[1] ?? 0);
    const helm = new HelmController(() => this.kubernetes.controllers.cluster, minor >= comparesFrom);
    if (!this.#idle) {
      this.kubernetes.store.watch((change) => {
        helm.seen(change);
        for (const controller of controllers) controller.seen(change);
        volumes.seen(change);
      });
      helm.queue();
      volumes.queue();
    }
    this.kubernetes.store.watch((change) => {
      // The controller on another server takes out the member of a server whose Node object was deleted.
      if (change.resource.plural === 'nodes' && change.type === 'DELETED') {
        this.memberGone(change.object.metadata.name);
        this.dropPassword(change.object.metadata.name);
      } else if (change.resource.plural === 'nodes') this.memberUndesired(change.object);
      // Written down with whatever changes next: kubelets that live renew again after a start.
      if (!isRenewal(change)) context.changed();
    });
  }

  get hash(): string {
    return caHash(this.ca.cert);
  }

  get serverToken(): string {
    return this.#serverToken;
  }

  get agentToken(): string {
    return this.#agentToken;
  }

  /** What etcd holds is sealed with another token from now on; servers that run know it only if they are told. */
  rotateToken(token: string): void {
    this.#serverToken = token;
    this.context.changed();
  }

  get fullServerToken(): string {
    return `K10${this.hash}::server:${this.serverToken}`;
  }

  get fullAgentToken(): string {
    return `K10${this.hash}::node:${this.agentToken}`;
  }

  get version(): string {
    return this.#version;
  }

  get etcdVersion(): string {
    return this.#etcdVersion;
  }

  /**
   * A server of this release serves. @param running what each member runs now; undefined: one is down, and what it runs is
   * not known
   */
  servedBy(version: string, running: readonly string[] | undefined, agentToken: string): void {
    this.#agentToken = agentToken || this.#agentToken;
    if (isNewer(version, this.#version)) {
      this.#version = version;
      this.kubernetes.setVersion(version);
    }
    if (running) this.#etcdVersion = agreedVersion(this.#etcdVersion, running.map(etcdIn));
  }

  /** A majority of the voting members runs. */
  quorate(): boolean {
    const voters = this.members.filter(({ voter }) => voter);
    return (
      voters.length > 0 && voters.filter(({ machine }) => this.context.runs(machine)).length >= quorumOf(voters.length)
    );
  }

  /** etcd accepts one member that does not vote yet. */
  hasLearner(): boolean {
    return this.members.some(({ voter }) => !voter);
  }

  /** Whether a machine's k3s is a member of etcd. */
  has(machine: number): boolean {
    return this.members.some((member) => member.machine === machine);
  }

  /** A learner that has caught up votes from now on. */
  promote(machine: number): void {
    for (const member of this.members) member.voter ||= member.machine === machine;
  }

  votes(machine: number): boolean {
    return this.members.some((member) => member.machine === machine && member.voter);
  }

  /** Looks whose k3s runs the controllers of which there is one in the cluster: the same for as long as it is there. */
  elect(): void {
    const running = this.members.filter(({ machine }) => this.context.runs(machine));
    if (!running.some(({ machine }) => machine === this.#leader)) this.#leader = running[0]?.machine;
  }

  private memberGone(node: string): void {
    const index = this.members.findIndex((member) => member.node === node);
    if (index < 0 || this.members.length < 2) return;
    const [gone] = this.members.splice(index, 1);
    this.elect();
    this.context.takenOut(gone!.machine);
  }

  /** k3s takes a member out, with its node still there, when the node asks for it; never the only one that votes. */
  private memberUndesired({ metadata }: Obj): void {
    const { annotations = {}, name } = metadata;
    if (annotations[removal]?.toLowerCase() !== 'true' || removed in annotations || this.#leaving.has(name)) return;
    const { store } = this.kubernetes;
    const nodes = store.resource('v1', 'Node');
    const change = (how: (annotations: Record<string, string>) => void): void =>
      void store.change(nodes, '', name, (node) => how((node.metadata.annotations ??= {})));
    const member = this.members.find(({ node }) => node === name);
    if (member && !this.members.some(({ node, voter }) => node !== name && voter))
      return change((all) => delete all[removal]);
    const leads = member !== undefined && member.machine === this.#leader;
    this.memberGone(name);
    if (leads) {
      // It took itself out, and with its etcd gone it can't say so: the next one to lead does.
      this.#leaving.add(name);
      this.context.clock.after(leaseMs, () => {
        this.#leaving.delete(name);
        const node = store.find(nodes, '', name);
        if (node) this.memberUndesired(node);
      });
      return;
    }
    change((all) => {
      all[removed] = all[memberName] ?? name;
      delete all[memberName];
    });
  }

  dropPassword(node: string): void {
    const { store } = this.kubernetes;
    const secrets = store.resource('v1', 'Secret');
    if (store.find(secrets, 'kube-system', `${node}.node-password.k3s`))
      store.remove(secrets, 'kube-system', `${node}.node-password.k3s`);
  }

  snapshot(): ClusterSnapshot {
    const { id, ca, serverToken, agentToken, critical, disabled, version, etcdVersion, members } = this;
    return {
      id,
      ca,
      serverToken,
      agentToken,
      critical,
      disabled,
      version,
      etcdVersion,
      members,
      leader: this.#leader,
      kubernetes: this.kubernetes.snapshot(),
      idle: this.#idle,
    };
  }
}
