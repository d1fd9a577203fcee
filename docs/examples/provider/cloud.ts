import { exitCodes } from '../../../src/errors/index.js';
import type { Meaning } from '../../../src/http/api/dialect.js';
import { ApiError } from '../../../src/http/api/errors.js';

type Labels = Readonly<Record<string, string>>;

export interface CloudMachine {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly image: string;
  readonly labels: Labels;
  readonly createdAt: string;
  readonly publicAddress: string;
  readonly privateAddress: string;
  running: boolean;
}

/** An SSH key, a network or a firewall; `content` is what it is made of. */
export interface CloudResource {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly labels: Labels;
  content: string;
}

export type MachineOrder = Pick<CloudMachine, 'name' | 'type' | 'location' | 'image' | 'labels' | 'createdAt'> & {
  readonly userData: string;
  readonly sshKey: string;
};

/** What turns a machine that was ordered into a computer. Without one, machines are only entries in a list. */
export interface Computers {
  start(machine: CloudMachine, order: MachineOrder): void;
  restart(machine: CloudMachine): void;
  delete(machine: CloudMachine): void;
}

/**
 * Stands for the API of a cloud and keeps the rules that clouds have: names are unique, types sell out, accounts have a
 * limit. A real one is reached by an `ApiClient`, which throws the same errors.
 */
export class MemoryCloud {
  readonly machines = new Map<string, CloudMachine>();
  readonly resources = new Map<string, CloudResource>();
  /** `small at north` */
  readonly soldOut = new Set<string>();
  limit = Infinity;
  #made = 0;

  constructor(private readonly computers?: Computers) {}

  createMachine({ name, type, location, image, labels, createdAt, ...more }: MachineOrder): CloudMachine {
    refuseTaken(this.machines, name);
    if (this.soldOut.has(`${type} at ${location}`)) throw refusal('sold_out', 412, `${type} at ${location}`);
    if (this.machines.size >= this.limit) throw refusal('account_limit', 403, `${this.limit} machines`);
    const order = { name, type, location, image, labels, createdAt };
    const number = (this.#made += 1);
    const addresses = { publicAddress: `203.0.113.${number}`, privateAddress: `10.0.0.${number}` };
    const machine = { ...order, id: String(number), ...addresses, running: true };
    this.machines.set(machine.id, machine);
    this.computers?.start(machine, { ...order, ...more });
    return machine;
  }

  restartMachine(id: string): void {
    const machine = this.machines.get(id);
    if (!machine) throw refusal('not_found', 404, `machine ${id}`);
    machine.running = true;
    this.computers?.restart(machine);
  }

  deleteMachine(id: string): void {
    const machine = this.machines.get(id);
    if (machine) this.computers?.delete(machine);
    this.machines.delete(id);
  }

  createResource(order: Omit<CloudResource, 'id'>): CloudResource {
    refuseTaken(this.resources, order.name);
    const resource = { ...order, id: String((this.#made += 1)) };
    this.resources.set(resource.id, resource);
    return resource;
  }
}

function refuseTaken(known: ReadonlyMap<string, { readonly name: string }>, name: string): void {
  if ([...known.values()].some((one) => one.name === name)) throw refusal('name_taken', 409, name, 'name-taken');
}

const refusal = (apiCode: string, status: number, what: string, meaning?: Meaning): ApiError =>
  new ApiError(
    `The cloud in memory refused: ${apiCode} (${what}).`,
    { apiCode, status, meaning },
    { code: 'PROVIDER_ANSWER', exitCode: exitCodes.incomplete, hint: 'Run the same command again.' },
    [],
  );
