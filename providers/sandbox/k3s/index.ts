import type { Persistent } from '../types.js';
import type { EtcdState, Machine, UnitBehaviour } from '../hosts/machine.js';
import { paths } from '../hosts/tasks/common.js';
import type { UnitName } from '../hosts/units.js';
import { ApiAddresses } from './api-addresses.js';
import { ApiPorts, type PortsSnapshot } from './api-ports.js';
import { hasNodePort } from '../kube-api/controllers/services.js';
import { Cluster, type ClusterSnapshot, type Member } from './cluster.js';
import { readConfig } from './config.js';
import type { K3sContext } from './context.js';
import { etcdRefusal } from './etcd-versions.js';
import { judgeJoin } from './joining.js';
import { said } from './journal-lines.js';
import { Snapshots } from './snapshots.js';
import { tokenRefusal, Tokens } from './tokens.js';
import { renewLeaves } from './leaf-certificates.js';
import { freshState } from './cluster-states.js';
import { deployParts } from './packaged-parts.js';
import { newProcess, type Process, refusal, resumedProcess, runningVersions } from './process.js';
import { checkNodePassword, nodeIsReady, registerNode } from './nodes.js';
import {
  beginData,
  dataOf,
  holdsData,
  dropBuriedData,
  keepData,
  leaveTombstone,
  lowerResetFlag,
  unborn,
  writeServerFiles,
} from './server-files.js';

export interface K3sSnapshot {
  readonly clusters: readonly ClusterSnapshot[];
  readonly ports: PortsSnapshot;
}

/** How often a joining process tries again, and how long systemd waits before it starts a crashed one. */
const retryMs = 2_000;
const restartMs = 5_000;
/** How long k3s goes on with controllers that can't keep their leases. */
const renewMs = 30_000;

/** What start-k3s starts on a machine: clusters that form, join, lose quorum and come back. */
export class K3s implements UnitBehaviour<Machine>, Persistent<K3sSnapshot> {
  readonly #clusters = new Map<string, Cluster>();
  readonly #processes = new Map<number, Process>();
  readonly #ports: ApiPorts;

  readonly addresses: ApiAddresses;
  readonly snapshots: Snapshots;
  readonly tokens = new Tokens((id) => (this.serves(id) ? this.#processes.get(id) : undefined));

  constructor(private readonly context: K3sContext) {
    this.#ports = new ApiPorts(context);
    this.snapshots = new Snapshots(context.random, {
      serving: (id) => (this.serves(id) ? this.#processes.get(id)?.cluster : undefined),
      add: (state) => this.add(state),
    });
    this.addresses = new ApiAddresses(this.#processes, (id) => this.serves(id), context);
  }

  started(machine: Machine, unit: UnitName): void {
    this.stopProcess(machine.id);
    try {
      const role = unit === 'k3s' ? 'server' : 'agent';
      const config = readConfig(machine.files.text(paths.config), role, machine.hostname);
      for (const key of config.unknown)
        machine.journal(unit, `time="now" level=warning msg="Unknown flag --${key} found in config.yaml, skipping"`);
      const process = newProcess(machine, unit, config);
      this.#processes.set(machine.id, process);
      this.begin(process);
    } catch (error) {
      this.crash(machine, unit, error instanceof Error ? error.message : String(error));
    }
  }

  stopped(machine: Machine, _unit: UnitName, _how: 'asked' | 'lost'): void {
    this.stopProcess(machine.id);
  }

  cutOff(machine: Machine): void {
    const process = this.#processes.get(machine.id);
    if (process?.config.role === 'server' && process.active && process.cluster) {
      if (machine.isCutOff) process.endpoint?.close();
      else void this.listen(process, process.cluster);
    }
    this.addresses.look();
    this.context.changed();
  }

  /** A machine that was deleted leaves its member behind, dead. */
  deleted(machine: number): void {
    this.stopProcess(machine);
    this.#ports.forget(machine);
  }

  /** Something listens on 6443 that can serve. */
  serves(machine: number): boolean {
    const process = this.#processes.get(machine);
    return (
      process?.config.role === 'server' &&
      process.active &&
      !process.machine.isCutOff &&
      process.cluster?.has(machine) === true &&
      process.cluster.quorate()
    );
  }

  etcd({ id }: Machine): EtcdState | undefined {
    const process = this.#processes.get(id);
    if (!process?.cluster || !this.serves(id)) return undefined;
    return { k3sVersion: process.version, clusterVersion: process.cluster.etcdVersion };
  }

  /** Whether some service of its cluster answers on a node port of this machine. */
  answersOn(machine: number, port: number): boolean {
    const process = this.#processes.get(machine);
    if (!process?.active || !process.cluster || process.machine.isCutOff) return false;
    return hasNodePort(process.cluster.kubernetes.controllers.cluster, process.config.nodeName, port);
  }

  /** The machine's port of this computer for 6443, chosen the first time somebody asks, which may be before k3s runs. */
  port(machine: number): Promise<number> {
    return this.#ports.of(machine);
  }

  clusters(): readonly Cluster[] {
    return [...this.#clusters.values()];
  }

  private begin(process: Process): void {
    const { machine, config } = process;
    const why = refusal(machine, config);
    if (why !== undefined) return this.crash(machine, process.unit, why);
    if (config.role === 'agent') return this.join(process);
    if (dropBuriedData(machine)) machine.journal(process.unit, said.tombstone);
    const wasReset = lowerResetFlag(machine);
    const data = dataOf(machine);
    const known = this.#clusters.get(data);
    const panic = known && etcdRefusal(process.version, known.etcdVersion);
    if (panic !== undefined) return this.crash(machine, process.unit, panic);
    // Whoever was restored may come with another password than it had then.
    if (known && wasReset) known.dropPassword(config.nodeName);
    if (known) return this.rejoin(process, known);
    if (data === unborn) return this.crash(machine, process.unit, said.noBootstrapData);
    if (data !== '') return this.crash(machine, process.unit, said.otherToken);
    if (config.server !== undefined) return this.join(process);
    const { firstServerMs } = this.context.profile();
    process.cancels.push(
      // Stopped between these two, it never starts again.
      machine.after(firstServerMs / 2, () => beginData(machine)),
      machine.after(firstServerMs, () => void this.form(process)),
    );
  }

  /** The first server makes the cluster. */
  private async form(process: Process): Promise<void> {
    const { machine } = process;
    const state = await freshState(process, this.memberOn(process), this.context);
    if (this.#processes.get(machine.id) !== process) return;
    const cluster = this.add(state);
    keepData(machine, cluster);
    await this.run(process, cluster);
  }

  /** Each time a server joins it is another member. */
  private memberOn({ machine, config: { nodeName: node } }: Process): Omit<Member, 'voter'> {
    return { machine: machine.id, node, name: `${node}-${this.context.random.bytes(4).toString('hex')}` };
  }

  /** With data on disk `server` and `cluster-init` are ignored; it waits for the others of its cluster. */
  private rejoin(process: Process, cluster: Cluster): void {
    const { machine } = process;
    process.cancels.push(
      machine.after(this.context.profile().joinServerMs / 3, () => {
        if (!cluster.has(machine.id)) return this.takenOut(process);
        const why = tokenRefusal(process, cluster);
        if (why !== undefined) return this.crash(machine, process.unit, why);
        process.cluster = cluster;
        process.up = true;
        this.whenQuorate(process, cluster);
      }),
    );
  }

  /** A member of a running server was taken out: its etcd ends, and soon k3s does, too. */
  private lostMembership(id: number): void {
    const process = this.#processes.get(id);
    if (!process?.up || process.machine.isCutOff) return;
    const { machine, unit } = process;
    leaveTombstone(machine);
    machine.journal(unit, said.removed);
    this.addresses.look();
    process.cancels.push(
      machine.after(renewMs, () => {
        if (this.#processes.get(id) === process) this.crash(machine, unit, 'leaderelection lost for k3s-etcd');
      }),
    );
  }

  /** The others tell it once, and too soon for a tombstone; k3s does not end, and waits for its etcd for ever. */
  private takenOut({ machine, unit }: Process): void {
    for (const line of said.removedForGood) machine.journal(unit, line);
  }

  private whenQuorate(process: Process, cluster: Cluster): void {
    if (this.#processes.get(process.machine.id) !== process) return;
    if (cluster.quorate()) return void this.run(process, cluster);
    process.machine.journal(process.unit, said.noQuorum);
    process.cancels.push(process.machine.after(retryMs / 4, () => this.whenQuorate(process, cluster)));
  }

  /** Server or agent by way of the address in its configuration; tries until it works or is told to stop. */
  private join(process: Process): void {
    const { machine, config, unit } = process;
    const { profile } = this.context;
    const verdict = judgeJoin(machine, config, this.answering(process));
    if (verdict.outcome !== 'joins') {
      if (verdict.outcome === 'crash') return this.crash(machine, unit, verdict.line);
      machine.journal(unit, `level=error msg="${verdict.line}"`);
      process.cancels.push(machine.after(retryMs, () => this.join(process)));
      return;
    }
    const { cluster } = verdict;
    if (config.role === 'agent') {
      process.cancels.push(machine.after(profile().joinAgentMs, () => void this.run(process, cluster)));
      return;
    }
    cluster.members.push({ ...this.memberOn(process), voter: false });
    process.cluster = cluster;
    process.cancels.push(machine.after(profile().joinServerMs, () => this.whenPromoted(process, cluster)));
  }

  /** A server is ready once it votes, and not before. */
  private whenPromoted(process: Process, cluster: Cluster): void {
    const { machine, unit } = process;
    if (machine.traits?.neverVotes) {
      machine.journal(unit, said.learner);
      return void process.cancels.push(machine.after(retryMs, () => this.whenPromoted(process, cluster)));
    }
    cluster.promote(machine.id);
    keepData(machine, cluster);
    void this.run(process, cluster);
  }

  /** The process serves and tells systemd; the node registers and becomes Ready. */
  private async run(process: Process, cluster: Cluster): Promise<void> {
    const { machine, config, unit } = process;
    const server = config.role === 'server';
    process.cluster = cluster;
    process.up = true;
    process.active = true;
    if (server && !config.agentless && cluster.has(machine.id) && !checkNodePassword(cluster, machine, config.nodeName))
      return this.crash(machine, unit, 'Node password rejected, duplicate hostname');
    await renewLeaves(cluster, machine, config.role);
    if (this.#processes.get(machine.id) !== process) return;
    if (server) {
      cluster.servedBy(process.version, runningVersions(this.#processes, cluster), process.tokens.agent);
      writeServerFiles(machine, cluster);
      if (!(await this.listen(process, cluster))) return;
      deployParts(machine, cluster, config);
    }
    cluster.elect();
    if (!config.agentless) registerNode(cluster, machine, config, process.version);
    machine.unitIs(unit, 'active');
    this.context.changed();
    if (config.agentless) return;
    process.cancels.push(
      machine.after(this.context.profile().nodeReadyMs, () => {
        this.addresses.look();
        this.heartbeat(process, cluster, server ? cluster.votes(machine.id) : undefined);
      }),
    );
  }

  private heartbeat(process: Process, cluster: Cluster, voter: boolean | undefined): void {
    if (this.#processes.get(process.machine.id) !== process) return;
    process.cancels.splice(
      0,
      process.cancels.length,
      process.machine.after(this.context.profile().nodeLostMs / 4, () => this.heartbeat(process, cluster, voter)),
    );
    if (cluster.quorate() && !process.machine.isCutOff) nodeIsReady(cluster, process.config.nodeName, voter);
    else if (process.config.role === 'agent') this.findAgain(process, cluster);
  }

  /** An agent goes on asking at its address: who answers there with the same authority is its cluster, restored. */
  private findAgain(process: Process, lost: Cluster): void {
    const now = this.answering(process)?.cluster;
    if (!now || now === lost || now.hash !== lost.hash) return;
    for (const cancel of process.cancels.splice(0)) cancel();
    this.join(process);
  }

  /** The server that answers at the address in the configuration. */
  private answering({ machine, config: { server } }: Process): Process | undefined {
    const url = server === undefined ? undefined : new URL(server);
    const ids = url && this.context.cloud.resolve(machine.id, url.hostname, Number(url.port || 443));
    const id = ids?.find((one) => this.serves(one));
    return id === undefined ? undefined : this.#processes.get(id);
  }

  /** False when the process ended meanwhile, or its port is another's. */
  private async listen(process: Process, cluster: Cluster): Promise<boolean> {
    const { machine } = process;
    const endpoint = this.#ports.endpoint(process, cluster);
    process.endpoint = endpoint;
    try {
      await this.#ports.open(machine, endpoint);
    } catch (error) {
      this.crash(machine, process.unit, (error as Error).message);
      return false;
    }
    const runs = this.#processes.get(machine.id) === process;
    if (!runs) endpoint.close();
    this.addresses.look();
    return runs;
  }

  private crash(machine: Machine, unit: UnitName, why: string): void {
    machine.journal(unit, `level=fatal msg="${why}"`);
    this.stopProcess(machine.id);
    machine.unitIs(unit, 'crashed');
    machine.after(restartMs, () => {
      if (!this.#processes.has(machine.id)) machine.startUnitAgain(unit);
    });
  }

  private stopProcess(id: number): void {
    const process = this.#processes.get(id);
    if (!process) return;
    this.#processes.delete(id);
    for (const cancel of process.cancels) cancel();
    process.endpoint?.close();
    // A learner that never came up leaves the place for the next one.
    const { cluster } = process;
    if (cluster && !process.up) {
      const index = cluster.members.findIndex((member) => member.machine === id && !member.voter);
      if (index >= 0) cluster.members.splice(index, 1);
    }
    cluster?.elect();
    this.addresses.look();
    this.context.changed();
  }

  private add(state: ClusterSnapshot): Cluster {
    const cluster = new Cluster(state, {
      clock: this.context.clock,
      profile: this.context.profile,
      random: this.context.random,
      runs: (id) => this.#processes.get(id)?.up === true && this.context.machine(id)?.isCutOff !== true,
      changed: this.context.changed,
      takenOut: (id) => this.lostMembership(id),
      chartFaults: this.context.chartFaults,
      hostOf: (node) => [...this.#processes.values()].find(({ config }) => config.nodeName === node)?.machine,
      cloudCall: this.context.cloudCall,
    });
    this.#clusters.set(cluster.id, cluster);
    return cluster;
  }

  /** Clusters whose data are all gone are forgotten with them. */
  snapshot(): K3sSnapshot {
    for (const [id, cluster] of this.#clusters) {
      if (cluster.members.some(({ machine }) => holdsData(this.context.machine(machine), id))) continue;
      cluster.kubernetes.stop();
      this.#clusters.delete(id);
    }
    return {
      clusters: [...this.#clusters.values()].map((cluster) => cluster.snapshot()),
      ports: this.#ports.snapshot(),
    };
  }

  restore(state: K3sSnapshot): void {
    this.#ports.restore(state.ports);
    for (const cluster of state.clusters) this.add(cluster);
  }

  /** Goes on with the units of a machine after the sandbox itself was started again: to the machine nothing happened. */
  resume(machine: Machine): void {
    for (const unit of ['k3s', 'k3s-agent'] as const) {
      const state = machine.units.get(unit)?.state;
      if (state === 'activating') {
        if (dataOf(machine) === unborn) machine.files.removeTree(`${paths.server}/db`);
        this.started(machine, unit);
      }
      if (state !== 'active') continue;
      const process = resumedProcess(machine, unit, this.clusters());
      if (!process?.cluster) continue;
      const { cluster, config } = process;
      this.#processes.set(machine.id, process);
      const server = config.role === 'server';
      if (server) void this.listen(process, cluster);
      if (!config.agentless) this.heartbeat(process, cluster, server ? true : undefined);
    }
  }
}
