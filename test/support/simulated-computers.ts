import type { CloudMachine, Computers, MachineOrder } from '../../docs/examples/provider/cloud.js';
import { ScaledClock } from '../../providers/sandbox/clock.js';
import { ChartFaults } from '../../providers/sandbox/helm/index.js';
import { Machines } from '../../providers/sandbox/hosts/index.js';
import { Ports } from '../../providers/sandbox/hosts/ports.js';
import { K3s } from '../../providers/sandbox/k3s/index.js';
import { defaultProfile } from '../../providers/sandbox/profile.js';
import type { CloudView } from '../../providers/sandbox/types.js';
import { systemRandom } from '../../src/domain/clock.js';
import type { Forwarding } from '../../src/provider/port.js';

const networkId = 1;

/** The sandbox's computers for a cloud of any kind: they boot, speak SSH and run k3s, and know no API of a cloud. */
export class SimulatedComputers implements Computers, Forwarding {
  readonly #machines: Machines;
  readonly #k3s: K3s;

  constructor(timeScale: number) {
    const profile = { ...defaultProfile, timeScale };
    const clock = new ScaledClock(timeScale);
    const common = {
      clock,
      profile: () => profile,
      random: systemRandom,
      ports: new Ports(systemRandom),
      changed: () => undefined,
    };
    // One network, no firewall: whoever has the address and is up answers.
    const cloud: CloudView = {
      allowed: () => true,
      resolve: (_from, address) =>
        this.#machines
          .all()
          .filter((one) => one.up && one.addresses.includes(address))
          .map(({ id }) => id),
      server: () => undefined,
    };
    this.#k3s = new K3s({
      ...common,
      cloud,
      chartFaults: new ChartFaults(),
      cloudCall: () => ({ status: 404 }),
      machine: (id) => this.#machines.get(id),
    });
    this.#machines = new Machines({ ...common, cloud, behaviour: this.#k3s });
  }

  start({ id, name, image, publicAddress, privateAddress }: CloudMachine, { userData, sshKey }: MachineOrder): void {
    const hardware = { architecture: 'amd64' as const, cores: 2, memoryMiB: 4096, diskGB: 40 };
    const number = Number(id);
    this.#machines.create({ ...hardware, id: number, name, image, publicAddress, userData, sshKeys: [sshKey] });
    this.#machines.attach(number, networkId, privateAddress);
  }

  restart({ id }: CloudMachine): void {
    this.#machines.reboot(Number(id));
  }

  delete({ id }: CloudMachine): void {
    this.#machines.delete(Number(id));
  }

  async forward(address: string, port: number): Promise<{ host: string; port: number }> {
    const machine = this.#machines.all().find(({ spec }) => spec.publicAddress === address);
    if (!machine) throw new Error(`no machine has the address ${address}`);
    const local = port === 22 ? await this.#machines.sshPort(address) : await this.#k3s.port(machine.id);
    return { host: '127.0.0.1', port: local! };
  }

  /** Names of those that are there. */
  names(): string[] {
    return this.#machines.all().map(({ spec }) => spec.name);
  }

  close(): void {
    for (const { id } of this.#machines.all()) this.#machines.delete(id);
  }
}
