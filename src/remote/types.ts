import type { Secret } from '../domain/secret.js';

/** Where and as whom to log in, and which host keys are accepted: nothing else is. */
export interface HostTarget {
  /** The machine's name, for messages. */
  readonly name: string;
  /** What its session is kept by, where the name may be that of two hosts. Default: `name`. */
  readonly id?: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key to log in with; with `agent` its public half. */
  readonly identity: Secret;
  /** Socket of an SSH agent that holds the private key. */
  readonly agent?: string | undefined;
  /** Accepted host keys in OpenSSH form (`ssh-ed25519 AAAA…`) or fingerprints (`SHA256:…`), read anew at each connection. Never empty. */
  pins(): Promise<readonly string[]>;
  /** True for a host of its owner's: what is wrong with its keys or its login is corrected in the cluster file. */
  readonly owned?: boolean | undefined;
  /** A host to pass through on the way. */
  readonly jump?: Omit<HostTarget, 'jump'> | undefined;
}

export type TaskParam = string | number | boolean | Secret;

/** A script of templates/host with its parameters: a value, compared in tests; only `Session.run` runs it. */
export interface HostTask {
  /** File name without `.sh`: `install-k3s`. */
  readonly name: string;
  /** Become environment variables of the script; names are `[A-Z][A-Z0-9_]*`. */
  readonly params: Readonly<Record<string, TaskParam>>;
  /** Milliseconds until the task is given up. */
  readonly deadlineMs: number;
}

/** A task's `key=value` answers. */
export type HostFacts = Readonly<Record<string, string>>;

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Lines the task prints for people (`# text` on stdout). */
  readonly progress?: ((text: string) => void) | undefined;
}

/** What a command reads: text or bytes, or a file of this computer. */
export type CommandInput = string | Buffer | { readonly file: string };

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One verified connection to a host; several callers share it. */
export interface Session {
  readonly target: HostTarget;
  /** The key by which the host proved itself, in OpenSSH form. */
  readonly hostKey: string;
  /**
   * Runs a task under the host's lock as a transient unit that outlives this session, or attaches to the same task
   * already running. A dropped connection is made again and the task found again until the task's deadline.
   * @throws IncompleteError code TASK_FAILED (the script's message, last output), TASK_TIMEOUT, SSH_LOST.
   */
  run(task: HostTask, options: RunOptions): Promise<HostFacts>;
  /**
   * Runs a command line as it is, outside of any task, and waits for its end: for hosts that are not a cluster's machines.
   * It is sent once; whoever asks knows whether it may be sent again.
   * @throws IncompleteError code SSH_LOST where the connection ended before the command
   */
  command(line: string, input: CommandInput | undefined, options: RunOptions): Promise<CommandResult>;
  /**
   * Copies a local file, to a temporary name first, skipping it when the same SHA-256 is there. Mode is octal.
   * @throws IncompleteError code UPLOAD_FAILED
   */
  upload(localPath: string, remotePath: string, mode: number, options: RunOptions): Promise<void>;
  /**
   * Copies a file of the host here, whole or not at all.
   * @throws IncompleteError code FETCH_FAILED
   */
  download(remotePath: string, localPath: string, options: RunOptions): Promise<void>;
}

export interface Remote {
  /**
   * Connects, or returns the open session to that host. Tries until `deadlineMs` while nothing answers.
   * @throws RefusedError code HOST_KEY_MISMATCH at once when the host shows a key that is not pinned; HOST_KEY_UNKNOWN
   * when nothing is pinned.
   * @throws IncompleteError code SSH_UNREACHABLE at the deadline; SSH_LOGIN_REFUSED when the key is not taken;
   * SSH_IDENTITY when our own key cannot be read.
   */
  connect(target: HostTarget, deadlineMs: number, options: RunOptions): Promise<Session>;
  /** Ends the session to one host, so that the next `connect` logs in anew. @param id of its target, else its name */
  disconnect(id: string): Promise<void>;
  close(): Promise<void>;
}
