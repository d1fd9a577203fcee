import type { Boundary } from '../domain/boundary.js';
import type { Clock, Random } from '../domain/clock.js';
import type { Secret } from '../domain/secret.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { ErrorEntry } from '../errors/index.js';
import type { Remote } from '../remote/types.js';
import type { MachineProvider } from './port.js';

/** The `provider` section of a cluster file. Without a file, only the name is known. */
export type ProviderSection = Pick<ClusterSpec['provider'], 'name' | 'identity' | 'hosts' | 'libvirt'>;

/** What a provider package is given. It takes nothing from the process by itself. */
export interface ProviderContext {
  readonly section: ProviderSection;
  /** For providers whose machines are reached by SSH before there is a cluster. */
  readonly remote: Remote;
  /** Reads an environment variable that holds a secret; undefined when unset or empty. */
  secret(variable: string): Secret | undefined;
  /** Reads a plain environment variable. */
  variable(name: string): string | undefined;
  /** Folder for files that can be thrown away or remade, private to the provider. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  readonly signal: AbortSignal;
  /** A word for people on stderr, such as "using the sandbox". */
  log(text: string): void;
}

export interface ProviderPackage {
  readonly name: string;
  readonly title: string;
  /** Environment variable with the token; its presence makes the provider a candidate when none is named. */
  readonly tokenVariable?: string | undefined;
  /** Another package whose folder for state it shares; default: its own. */
  readonly stateOf?: string | undefined;
  /** As in its provider's traits. Where it is false, the file must list `hosts`, and must not otherwise. */
  readonly ownsMachines: boolean;
  /** Error codes that only this provider has, by name, for the page of all of them. */
  readonly codes: Readonly<Record<string, ErrorEntry>>;
  /** @throws UsageError code TOKEN_MISSING when the token is not set. */
  open(context: ProviderContext): Promise<MachineProvider>;
}
