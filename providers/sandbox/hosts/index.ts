import type { Random } from '../random.js';
import type { FsSnapshot } from './file-system.js';
import type { HostTraits } from './host-traits.js';
import type {
  BareSpec,
  CloudView,
  MachineHost,
  MachineSpec,
  Persistent,
  SandboxClock,
  SandboxProfile,
} from '../types.js';
import { Machine, type MachineSnapshot, type UnitBehaviour } from './machine.js';
import type { Ports } from './ports.js';
import { HostScripts, hostScriptsFolder } from './scripts.js';
import { SshEndpoint } from './ssh-endpoint.js';
import { TaskRunner, type TasksSnapshot } from './task-runner.js';
import { taskBodies } from './tasks/index.js';

export interface MachinesContext {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  readonly ports: Ports;
  readonly cloud: Pick<CloudView, 'allowed'>;
  readonly behaviour: UnitBehaviour<Machine> & { deleted(machine: number): void };
  readonly changed: () => void;
}

interface Place {
  readonly machine: Machine;
  readonly tasks: TaskRunner;
  /** For tasks that only look: they never wait behind one that works. */
  readonly looks: TaskRunner;
  readonly ssh: SshEndpoint;
  port: number | undefined;
}

export interface MachinesSnapshot {
  readonly machines: readonly {
    readonly machine: MachineSnapshot;
    readonly tasks: TasksSnapshot;
    readonly port: number | undefined;
  }[];
}

/** A fault ordered for a machine's next task of a name. */
export interface CutOrder {
  /** Regular expression on the machine's name. */
  readonly machine: string;
  readonly task: string;
}

/** All computers of the sandbox, each with its SSH endpoint. */
export class Machines implements MachineHost, Persistent<MachinesSnapshot> {
  readonly #places = new Map<number, Place>();
  readonly #scripts = new HostScripts(hostScriptsFolder());
  /** A fault: sessions to cut. */
  readonly cuts: CutOrder[] = [];

  constructor(private readonly context: MachinesContext) {}

  create(spec: MachineSpec, disk?: unknown): void {
    const { machine } = this.place(spec);
    if (disk !== undefined) machine.files.restore(disk as FsSnapshot);
    machine.powerOn();
  }

  disk(id: number): unknown {
    return this.#places.get(id)?.machine.files.snapshot();
  }

  /** A host that stands there, running. @throws Error EADDRINUSE when its SSH port is taken */
  async stand(spec: MachineSpec & { readonly bare: BareSpec }, traits: HostTraits): Promise<Machine> {
    const place = this.place(spec, spec.bare.sshPort);
    try {
      await this.open(place);
    } catch (error) {
      this.#places.delete(spec.id);
      throw error;
    }
    place.machine.stand(traits);
    return place.machine;
  }

  powerOn(id: number): void {
    this.#places.get(id)?.machine.powerOn();
  }
  powerOff(id: number): void {
    this.#places.get(id)?.machine.powerOff();
  }
  shutdown(id: number): void {
    this.#places.get(id)?.machine.shutdown();
  }
  reboot(id: number): void {
    this.#places.get(id)?.machine.reboot();
  }
  attach(id: number, networkId: number, privateAddress: string): void {
    this.#places.get(id)?.machine.attach(networkId, privateAddress);
  }
  detach(id: number, networkId: number): void {
    this.#places.get(id)?.machine.detach(networkId);
  }

  /** Takes a machine's network away, or gives it back. */
  cutOff(id: number, away: boolean): void {
    const place = this.#places.get(id);
    if (!place) return;
    place.machine.cutOff(away);
    if (away) place.ssh.cut();
  }

  hang(id: number): void {
    const place = this.#places.get(id);
    if (!place) return;
    place.machine.hang();
    place.ssh.cut();
  }

  delete(id: number): void {
    const place = this.#places.get(id);
    if (!place) return;
    this.#places.delete(id);
    place.machine.powerOff();
    place.ssh.close();
    if (place.port !== undefined && !place.machine.spec.bare) this.context.ports.give(place.port);
    this.context.behaviour.deleted(id);
  }

  get(id: number): Machine | undefined {
    return this.#places.get(id)?.machine;
  }

  all(): readonly Machine[] {
    return [...this.#places.values()].map(({ machine }) => machine);
  }

  /** Where SSH of the machine with this public address is on this computer. */
  async sshPort(publicAddress: string): Promise<number | undefined> {
    const place = [...this.#places.values()].find(({ machine }) => machine.spec.publicAddress === publicAddress);
    return place && this.open(place);
  }

  snapshot(): MachinesSnapshot {
    return {
      machines: [...this.#places.values()].map(({ machine, tasks, port }) => ({
        machine: machine.snapshot(),
        tasks: tasks.snapshot(),
        port,
      })),
    };
  }

  /** State only; `resume` sets the machines going again. */
  restore({ machines }: MachinesSnapshot): void {
    for (const state of machines) {
      const place = this.place(state.machine.spec, state.port);
      place.machine.restore(state.machine);
      place.tasks.restore(state.tasks);
    }
  }

  async resume(): Promise<void> {
    for (const place of this.#places.values()) {
      place.machine.resume();
      if (place.port !== undefined) await this.open(place);
    }
  }

  private place(spec: MachineSpec, port?: number): Place {
    const { clock, profile, random, ports, behaviour, changed, cloud } = this.context;
    const machine = new Machine(spec, { clock, profile, random, behaviour, changed });
    const tasks = new TaskRunner(machine, taskBodies, (task) => this.began(machine, task));
    const looks = new TaskRunner(machine, taskBodies, (task) => this.began(machine, task));
    const ssh = new SshEndpoint({
      machine,
      ports,
      tasks: { run: (task, sink) => (this.#scripts.looks(task.name) ? looks : tasks).run(task, sink) },
      scripts: this.#scripts,
      allowed: () => !machine.isCutOff && cloud.allowed(spec.id, 22, '127.0.0.1'),
    });
    const place: Place = { machine, tasks, looks, ssh, port };
    this.#places.set(spec.id, place);
    return place;
  }

  private async open(place: Place): Promise<number> {
    place.port = await place.ssh.open(place.port);
    this.context.changed();
    return place.port;
  }

  private began(machine: Machine, task: string): void {
    const index = this.cuts.findIndex(
      (order) => order.task === task && new RegExp(order.machine).test(machine.spec.name),
    );
    if (index < 0) return;
    this.cuts.splice(index, 1);
    const place = this.#places.get(machine.id);
    // After the task has begun, so that it goes on without its session.
    setImmediate(() => place?.ssh.cut());
  }
}
