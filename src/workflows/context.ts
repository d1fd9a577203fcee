import type { Boundary, Clock, Random, Secret } from '../domain/index.js';
import type { Distribution } from '../distributions/port.js';
import type { DistributionName } from '../domain/spec/schema.js';
import type { ClusterApi } from '../phases/context.js';
import type { MachineProvider } from '../provider/port.js';
import type { ProviderSection } from '../provider/package.js';
import type { Remote } from '../remote/types.js';
import type { Reporter } from '../reporting/index.js';
import type { Workspace } from '../workspace/types.js';

/** One command's work on one cluster, with which no other interferes: from this workspace, nor from another. */
export interface Operation {
  /** @throws IncompleteError code LEASE_LOST: another run may work on the cluster by now */
  readonly admit: () => Promise<void>;
  /** There is no API left to give the Lease back to. */
  clusterIsGone(): void;
}

/** What every workflow is given by the composition root. Nothing below takes anything from the process by itself. */
export interface WorkflowContext {
  readonly workspace: Workspace;
  /** Opens the provider of a cluster file; the same section gives the same provider. */
  provider(section: ProviderSection): Promise<MachineProvider>;
  distribution(name: DistributionName): Promise<Distribution>;
  readonly remote: Remote;
  openApi(kubeconfig: Secret, signal: AbortSignal): Promise<ClusterApi>;
  /** The user data of all machines, before anything of one machine is in it. */
  userDataTemplate(): Promise<string>;
  /** Text of cloud-init's user data. */
  cloudInit(machine: {
    hostname: string;
    sshPublicKey: string;
    hostKey: { publicKey: string; privateKey: Secret };
  }): Promise<string>;
  /** A key pair that is not kept, for a plan before there is a cluster. */
  newKeyPair(): { publicKey: string; privateKey: Secret };
  /** Where the values of components' Secrets come from, beside the provider. */
  readonly secretSources: {
    environment(variable: string): Secret | undefined;
    /** Undefined: there is no such file, or nothing in it. */
    file(path: string): Promise<Secret | undefined>;
  };
  /** Where a distribution's releases are asked for, where that is not its own server. */
  readonly channelServer?: string | undefined;
  /** A cluster that the caller has to itself already: what works on it takes part in that instead of waiting for it. */
  readonly held?: { readonly cluster: string; readonly operation: Operation } | undefined;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  readonly signal: AbortSignal;
}

/** Says on stderr what is being looked at before there is a plan. */
export function progress(context: Pick<WorkflowContext, 'reporter' | 'clock'>, text: string): void {
  context.reporter.emit({ type: 'looking', at: context.clock.now(), text });
}

/** Whoever only tells needs no more of a reporter. */
export interface Noting {
  readonly reporter: Pick<WorkflowContext['reporter'], 'emit'>;
}

export function note(
  context: Pick<WorkflowContext, 'clock'> & Noting,
  text: string,
  level: 'info' | 'warning' = 'info',
): void {
  context.reporter.emit({ type: 'note', at: context.clock.now(), level, text });
}
