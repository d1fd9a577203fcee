import { systemRandom } from './random.js';
import { BareHosts } from './hosts/bare-hosts.js';
import { Cloud, type CloudState, defaultLimits, type Token } from './hetzner-api/index.js';
import { ScaledClock } from './clock.js';
import { ChartFaults } from './helm/index.js';
import type { CloudCall } from './k3s/cloud-client.js';
import { K3s, type K3sSnapshot } from './k3s/index.js';
import { ManagedClusters, type ManagedSnapshot } from './lke/index.js';
import { LinodeCloud, type LinodeState } from './linode-api/index.js';
import { Machines, type MachinesSnapshot } from './hosts/index.js';
import { Ports } from './hosts/ports.js';
import { Network } from './network.js';
import { contained } from './report-fault.js';
import type { PortProbe, SandboxProfile } from './types.js';

export interface WorldSnapshot {
  readonly profile: SandboxProfile;
  readonly cloud: CloudState;
  /** Absent in what an older sandbox stored. */
  readonly linode?: LinodeState;
  readonly lke?: readonly ManagedSnapshot[];
  readonly machines: MachinesSnapshot;
  readonly k3s: K3sSnapshot;
}

/** The sandbox's parts, joined. */
export class World {
  readonly clock: ScaledClock;
  readonly cloud: Cloud;
  readonly linode: LinodeCloud;
  readonly lke: ManagedClusters;
  readonly machines: Machines;
  readonly k3s: K3s;
  readonly hosts: BareHosts;
  readonly ports = new Ports(systemRandom);
  readonly chartFaults = new ChartFaults();
  profile: SandboxProfile;

  /** @param changed told whenever something worth storing happened */
  constructor(profile: SandboxProfile, tokens: readonly Token[], changed: () => void) {
    this.profile = profile;
    this.clock = new ScaledClock(profile.timeScale);
    const common = { clock: this.clock, profile: () => this.profile, random: systemRandom, ports: this.ports, changed };
    const network = new Network({
      cloudOf: (id) => (this.linode.has(id) ? this.linode : this.cloud),
      machines: () => this.machines,
      holderOf: (address) => this.k3s.addresses.holderOf(address),
    });
    const cloudCall: CloudCall = (token, method, path, body) =>
      path.startsWith('/v4/')
        ? this.linode.call({ token, method, path, body })
        : this.cloud.call({ token, method, path, body });
    this.lke = new ManagedClusters({ ...common, admits: (id, source) => this.linode.admits(id, source) });
    this.k3s = new K3s({
      ...common,
      chartFaults: this.chartFaults,
      cloudCall,
      cloud: network,
      machine: (id) => this.machines.get(id),
    });
    this.machines = new Machines({ ...common, behaviour: this.k3s, cloud: network });
    this.hosts = new BareHosts(this.machines, systemRandom);
    const probe: PortProbe = {
      listening: (id, port) => {
        if (port === 6443) return this.k3s.serves(id);
        return port === 22 ? this.machines.get(id)?.up === true : this.k3s.answersOn(id, port);
      },
    };
    this.cloud = new Cloud({
      ...common,
      host: this.machines,
      probe,
      tokens,
      // Who lifts the limit of a network means to rent as many machines.
      limits: {
        servers: Math.max(defaultLimits.servers, profile.networkLimit),
        primaryIps: Math.max(defaultLimits.primaryIps, 2 * profile.networkLimit),
      },
    });
    const { faults } = this.cloud;
    this.linode = new LinodeCloud({ ...common, host: this.machines, probe, kubernetes: this.lke, tokens, faults });
  }

  /** Where a port of a public address is found on this computer. */
  async endpoint(address: string, port: number): Promise<number | undefined> {
    if (port === 22) return this.machines.sshPort(address);
    const machine = this.machines.all().find(({ spec }) => spec.publicAddress === address);
    return machine && port === 6443 ? this.k3s.port(machine.id) : undefined;
  }

  setTimeScale(timeScale: number): void {
    this.clock.setScale(timeScale);
    this.profile = { ...this.profile, timeScale };
  }

  snapshot(): WorldSnapshot {
    return {
      profile: this.profile,
      cloud: this.cloud.snapshot(),
      linode: this.linode.snapshot(),
      lke: this.lke.snapshot(),
      machines: this.machines.snapshot(),
      k3s: this.k3s.snapshot(),
    };
  }

  async restore(state: WorldSnapshot): Promise<void> {
    const ofSsh = state.machines.machines.flatMap(({ machine, port }) => (machine.spec.bare ? [] : (port ?? [])));
    const { lke = [] } = state;
    const ofApis = [...state.k3s.ports.map(([, port]) => port), ...ManagedClusters.portsIn(lke)];
    await this.ports.keep([...ofSsh, ...ofApis]);
    this.k3s.restore(state.k3s);
    this.machines.restore(state.machines);
    this.cloud.restore(state.cloud);
    this.lke.restore(lke);
    if (state.linode) this.linode.restore(state.linode);
    for (const machine of this.machines.all()) contained(machine.spec.name, () => this.k3s.resume(machine));
    await this.machines.resume();
  }
}
