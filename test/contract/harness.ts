import type { Boundary } from '../../src/domain/boundary.js';
import type { MachineProvider } from '../../src/provider/port.js';

export interface OpenOptions {
  readonly token?: 'good' | 'read-only' | 'wrong';
  readonly boundary?: Boundary;
}

/** A provider with nothing of ours at first, whatever it makes machines of: all that the port's own promises need. */
export interface PortHarness {
  /** A new handle, as each run of the command line makes one. */
  open(options?: Pick<OpenOptions, 'boundary'>): Promise<MachineProvider>;
  readonly types: { readonly first: string };
  readonly places: { readonly first: string };
  readonly image: string;
  /** A run with many points is killed at every so-many-th only; default: at each. */
  readonly killStride?: number;
  /** How many machines it can have at once, for the test of many. */
  readonly many: number;
  /** What this computer must be able to tell of a machine. */
  readonly addresses: { readonly public: RegExp; readonly private: RegExp; readonly api?: RegExp };
  readonly outside: {
    /** A machine of somebody else. */
    machine(name: string): Promise<unknown>;
    /** Everything of ours and of others that exists, a line each. */
    everything(): Promise<string[]>;
  };
  /** What the provider's official description says against requests sent so far; undefined where it is absent. */
  readonly violations: readonly string[] | undefined;
  close(): Promise<void>;
}

/** A provider that makes machines in an account of its own. */
export interface CloudHarness extends PortHarness {
  readonly types: { readonly first: string; readonly second: string; readonly elsewhere: string };
  /** `first` and `second` can share a network; `apart` can't. Undefined: a network is at one place only. */
  readonly places: { readonly first: string; readonly second: string | undefined; readonly apart: string };
  /** Whether a machine's public address has a price of its own. */
  readonly addressesCost: boolean;
  /** What a person or the account's owner does without Slipway. Ids are the provider's. */
  readonly outside: {
    machine(name: string): Promise<string>;
    network(name: string): Promise<string>;
    stop(machineId: string): Promise<void>;
    sellOut(type: string, location: string): Promise<void>;
    quota(machines: number): Promise<void>;
    /** Everything in the account, as `kind/name`. */
    everything(): Promise<string[]>;
  };
}

/** A cloud whose API can be told to fail, and in which a cluster's controllers can be played. */
export interface EmulatorHarness extends CloudHarness {
  open(options?: OpenOptions): Promise<MachineProvider>;
  /** Requests sent so far: `POST /servers`. */
  readonly requests: readonly string[];
  /** Where each kind lives: `/servers`. The others in an order in which they are made. */
  readonly paths: { readonly machines: string; readonly network: string; readonly others: readonly string[] };
  /** How the API says these, as `failNext` takes it. */
  readonly words: {
    readonly busy: readonly [status: number, code: string];
    readonly changing: readonly [status: number, code: string] | undefined;
    readonly tooMany: readonly [status: number, code: string];
    readonly crowded: readonly [status: number, code: string];
    readonly inUse: readonly [status: number, code: string];
  };
  /** Machines that one network takes; undefined: as many as there are addresses. */
  readonly networkLimit: number | undefined;
  /** By what the load balancer of a Service is known that has this machine as a target. */
  readonly balancerBecause: (machine: string) => string;
  /** Whether an account takes each public key once, whatever its name. */
  readonly keysAreUnique: boolean;
  readonly outside: CloudHarness['outside'] & {
    sshKey(name: string, publicKey: string): Promise<string>;
    /** As a Service of the cluster would make it, with this machine as its target. */
    serviceBalancer(name: string, machineId?: string): Promise<string>;
    volume(name: string, machineId?: string): Promise<string>;
    attach(volumeId: string, machineId: string): Promise<void>;
    /** Undefined where nothing protects a machine from its owner. */
    readonly protect: ((machineId: string) => Promise<void>) | undefined;
    /** The next such request is done, and its answer lost. */
    cutNext(method: string, path: string): void;
    /** The next such request is answered with an error; `done`: after its work, not instead of it. */
    failNext(method: string, path: string, status: number, code: string, done?: 'done'): void;
  };
}
