/**
 * How the parts of the sandbox know each other. `cloud` is the provider's API, `machines` the computers it rents out,
 * `k3s` what runs on them, `kubernetes` the API server inside. Each part is built and tested without the others.
 */

/** How long things take, in milliseconds of a real cloud; all are multiplied by `timeScale`. */
export interface SandboxProfile {
  readonly timeScale: number;
  /** One answer of the provider's API. */
  readonly apiLatencyMs: number;
  /** From the create request until the server's action is a success. */
  readonly serverCreateMs: number;
  readonly serverDeleteMs: number;
  /** A short action: attach, apply a firewall, make a network, add a load balancer. */
  readonly actionMs: number;
  /** From power-on until sshd accepts logins. */
  readonly bootMs: number;
  /** From sshd until `cloud-init status --wait` returns. */
  readonly cloudInitMs: number;
  /** A host task that only looks or writes small files. */
  readonly smallTaskMs: number;
  /** Download and check of the k3s binary. */
  readonly downloadMs: number;
  /** k3s start until the unit is active: first server, further server, agent. */
  readonly firstServerMs: number;
  readonly joinServerMs: number;
  readonly joinAgentMs: number;
  /** From an active unit until its node is Ready, and for a server until its etcd member votes. */
  readonly nodeReadyMs: number;
  /** From the last heartbeat until a silent node is NotReady. */
  readonly nodeLostMs: number;
  /** How long a pod takes to start, and to end after an eviction. */
  readonly podStartMs: number;
  readonly podStopMs: number;
  /** From the create request of an LKE cluster until its kubeconfig is given out. */
  readonly lkeReadyMs: number;
  /** Until LKE makes a node's machine anew that was deleted behind its back. */
  readonly lkeRestoreMs: number;
  /** Attached resources one network may have; the benchmark lifts it. */
  readonly networkLimit: number;
}

/** Time of the sandbox: real time, with every duration scaled. Timers never keep the process alive by themselves. */
export interface SandboxClock {
  /** Milliseconds since 1970, unscaled. */
  now(): number;
  /** Runs `work` after `ms` (scaled). The returned function cancels. */
  after(ms: number, work: () => void): () => void;
}

/** A computer, as the cloud describes it to `machines`. */
export interface MachineSpec {
  readonly id: number;
  readonly name: string;
  readonly image: string;
  readonly architecture: 'amd64' | 'arm64';
  readonly cores: number;
  readonly memoryMiB: number;
  readonly diskGB: number;
  readonly userData: string;
  /** OpenSSH public keys given at creation, besides those in the user data. */
  readonly sshKeys: readonly string[];
  readonly publicAddress: string | undefined;
  /** A machine that stood there before any cloud: no cloud-init, addresses of its own on this computer. */
  readonly bare?: BareSpec | undefined;
}

/** What the owner of a bare host has set up on it. */
export interface BareSpec {
  /** In 127.0.0.0/8: sshd and the Kubernetes API really listen there. */
  readonly address: string;
  readonly sshPort: number;
  readonly user: string;
  readonly sudo: boolean;
  /** OpenSSH private key of its sshd. */
  readonly hostKey: string;
}

/** What the cloud asks of the computers. All return at once; effects take their time. */
export interface MachineHost {
  /** @param disk a copy of another machine's, as `disk` gave it; undefined: that of a system image */
  create(spec: MachineSpec, disk?: unknown): void;
  /** A copy of what is on a machine's disk now, as plain JSON. */
  disk(id: number): unknown;
  powerOn(id: number): void;
  /** Pulls the plug. */
  powerOff(id: number): void;
  /** ACPI: resolves nothing; the machine goes down by itself soon after. */
  shutdown(id: number): void;
  reboot(id: number): void;
  delete(id: number): void;
  /** The private interface appears some time after this. */
  attach(id: number, networkId: number, privateAddress: string): void;
  detach(id: number, networkId: number): void;
}

/** What `machines` and `k3s` ask of the cloud. */
export interface CloudView {
  /** Whether firewalls let a TCP connection from `source` reach a port of this server's public address. */
  allowed(serverId: number, port: number, source: string): boolean;
  /** Which servers answer at a private address and port, as seen by a server on the same network: itself, or a load balancer's healthy targets. */
  resolve(fromServerId: number, address: string, port: number): readonly number[];
  /** For the provider id and addresses that a cloud controller sets. */
  server(id: number):
    | {
        readonly name: string;
        readonly publicAddress: string | undefined;
        readonly privateAddress: string | undefined;
        readonly type: string;
        readonly location: string;
      }
    | undefined;
}

/** What the cloud's load balancer health checks ask of the machines. */
export interface PortProbe {
  listening(serverId: number, port: number): boolean;
}

/** A part that outlives the sandbox's own restart. Snapshots are plain JSON. */
export interface Persistent<T> {
  snapshot(): T;
  restore(state: T): void;
}
