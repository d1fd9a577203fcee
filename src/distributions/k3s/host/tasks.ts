import { createHash } from 'node:crypto';

import type { Secret } from '../../../domain/secret.js';
import type { HostTask, TaskParam } from '../../../remote/types.js';
import {
  agentConfig,
  renderConfig,
  serverConfig,
  type AgentSettings,
  type K3sRole,
  type ServerSettings,
} from './config.js';
import { releaseUrl } from './release.js';
import { unitText } from './unit.js';

const minute = 60_000;

interface Deadline {
  /** Milliseconds until the task is given up. */
  readonly deadlineMs?: number | undefined;
}

export interface FirstLoginOptions extends Deadline {
  readonly privateAddress?: string | undefined;
  /** Whether cloud-init is waited for, and its failure is the task's. Default: true. */
  readonly cloudInit?: boolean;
}

/** Waits for cloud-init and the private interface. Facts: `parseHostFacts`. */
export function firstLogin(options: FirstLoginOptions = {}): HostTask {
  const { privateAddress = '', cloudInit = true, deadlineMs = 10 * minute } = options;
  return task('first-login', { PRIVATE_ADDRESS: privateAddress, CLOUD_INIT: cloudInit }, deadlineMs);
}

export function replaceHostKey(
  options: Deadline & { readonly key: { readonly publicKey: string; readonly privateKey: Secret } },
): HostTask {
  const { key, deadlineMs } = options;
  return task('replace-host-key', { HOST_KEY: key.privateKey, HOST_PUBLIC_KEY: key.publicKey }, deadlineMs);
}

export function prepareHost(options: Deadline & { readonly blockMetadata: boolean }): HostTask {
  return task('prepare-host', { BLOCK_METADATA: options.blockMetadata }, options.deadlineMs);
}

export interface InstallOptions extends Deadline {
  readonly version: string;
  /** Folder of the release's files instead of GitHub's. */
  readonly baseUrl?: string | undefined;
  /** Of the binary; the release's sum file otherwise. Needed with `file`. */
  readonly sha256?: string | undefined;
  /** A binary already on the machine, pushed by `Session.upload`; it is removed once installed. */
  readonly file?: string | undefined;
  /** Whether the images that k3s itself starts are downloaded, too. Default: false, k3s pulls them when it starts them. */
  readonly images?: boolean | undefined;
}

/** @throws UsageError code BAD_K3S_VERSION */
export function installK3s(options: InstallOptions): HostTask {
  const { version, baseUrl, sha256 = '', file = '', images = false, deadlineMs = 10 * minute } = options;
  const BASE_URL = baseUrl === undefined ? releaseUrl(version) : baseUrl.replace(/\/+$/, '');
  return task('install-k3s', { VERSION: version, BASE_URL, SHA256: sha256, FILE: file, IMAGES: images }, deadlineMs);
}

export function startServer(settings: ServerSettings & Deadline): HostTask {
  return start('server', renderConfig('server', serverConfig(settings)), settings.deadlineMs);
}

export function startAgent(settings: AgentSettings & Deadline): HostTask {
  return start('agent', renderConfig('agent', agentConfig(settings)), settings.deadlineMs);
}

/** Facts: `parseServerInfo`. */
export function serverInfo(options: Deadline = {}): HostTask {
  return task('server-info', {}, options.deadlineMs);
}

export function stopK3s(options: Deadline & { readonly killPods: boolean }): HostTask {
  return task('stop-k3s', { KILL_PODS: options.killPods }, options.deadlineMs);
}

/** Puts aside the etcd data of a server that was taken out of etcd. Fails with taskCode STILL_A_MEMBER when it is well. */
export function forgetEtcd(options: Deadline = {}): HostTask {
  return task('forget-etcd', {}, options.deadlineMs);
}

/**
 * Puts aside the files of a first server that was stopped while it made etcd. Fails with taskCode HOLDS_DATA where they
 * could be more than that.
 */
export function beginAnew(options: Deadline = {}): HostTask {
  return task('begin-anew', {}, options.deadlineMs);
}

/**
 * Starts k3s anew with the configuration that it has, where its binary is another than the one it was started with.
 */
export function restartK3s(options: Deadline & { readonly role: K3sRole }): HostTask {
  const { role, deadlineMs = 10 * minute } = options;
  return task('start-k3s', { ROLE: role, CONFIG: '', UNIT: '', WAIT_SECONDS: waitSecondsOf(deadlineMs) }, deadlineMs);
}

/** Waits until a server's own API is ready. Facts: `parseServerCheck`. */
export function checkServer(
  options: Deadline & { readonly address?: string | undefined; readonly requests?: boolean } = {},
): HostTask {
  const { address = '', requests = false, deadlineMs = 2 * minute } = options;
  const params = { WAIT_SECONDS: waitSecondsOf(deadlineMs), ADDRESS: address, REQUESTS: requests ? 'true' : '' };
  return task('check-server', params, deadlineMs);
}

/** Takes a snapshot of etcd, checks that it is whole, and deletes those of its kind that are too many. Facts: snapshot, size, pruned. */
export function snapshotEtcd(options: Deadline & { readonly kind: string; readonly release: string }): HostTask {
  const { kind, release, deadlineMs = 5 * minute } = options;
  return task('snapshot-etcd', { NAME: `${kind}${release.replace('+', '-')}`, PRUNE: kind, OWNER: '' }, deadlineMs);
}

/**
 * Takes a snapshot of etcd for the owner, who fetches it; none stays among those of k3s. Facts: packed (path), sha256 (of what
 * is packed), k3s_version.
 */
export function packSnapshot(options: Deadline & { readonly name: string; readonly owner: string }): HostTask {
  const { name, owner, deadlineMs = 5 * minute } = options;
  return task('snapshot-etcd', { NAME: name, PRUNE: '', OWNER: owner }, deadlineMs);
}

/**
 * Makes etcd of a server from a packed snapshot, in place of what was there, before k3s is started as the task `start` does.
 * Facts: folder (where `snapshot.gz` is to be copied to), restored (false: it is not there yet), changed.
 */
export function restoreEtcd(
  options: Deadline & {
    readonly restore: string;
    readonly sha256: string;
    /** The `startServer` that comes after. */
    readonly start: HostTask;
    readonly owner: string;
  },
): HostTask {
  const { restore, sha256, start: after, owner, deadlineMs = 5 * minute } = options;
  const CONFIG = after.params['CONFIG']!;
  return task('restore-etcd', { RESTORE: restore, SHA256: sha256, CONFIG, OWNER: owner }, deadlineMs);
}

/** A node that has a machine, with the id by which the cloud controller knows it. */
export interface KeptNode {
  readonly name: string;
  readonly providerId: string | undefined;
}

/**
 * After that: forgets what the snapshot says of nodes, but for those that have a machine. Facts: removed, waiting, and
 * anew: k3s has to be started again for its own node.
 */
export function renewNodes(options: Deadline & { readonly own: string; readonly keep: readonly KeptNode[] }): HostTask {
  const keep = options.keep.map(({ name, providerId }) => (providerId === undefined ? name : `${name}=${providerId}`));
  return task('renew-nodes', { OWN: options.own, KEEP: keep.join(' ') }, options.deadlineMs);
}

/** Puts back the binary that was there before the last one. Fails with taskCode NO_PREVIOUS where it is gone. */
export function putBackK3s(options: Deadline & { readonly version: string }): HostTask {
  return task('put-back-k3s', { VERSION: options.version }, options.deadlineMs);
}

/**
 * Puts back the configuration and the unit that k3s ran well with until `started` was run: `restartK3s` comes after. Fails
 * with taskCode NO_FORMER_SETTINGS where they are not kept.
 */
export function putBackSettings(options: Deadline & { readonly role: K3sRole; readonly started: HostTask }): HostTask {
  const { role, started, deadlineMs } = options;
  const config = started.params['CONFIG'] as Secret;
  const UNTIL = createHash('sha256').update(config.reveal()).digest('hex');
  return task('put-back-settings', { ROLE: role, UNTIL }, deadlineMs);
}

/** Tells the certificates of k3s. Facts: `parseCertificates`. */
export function readCertificates(options: Deadline = {}): HostTask {
  return task('read-certificates', {}, options.deadlineMs);
}

/** Tells whether updates wait for a reboot. Facts: `parseUpdates`. */
export function readUpdates(options: Deadline = {}): HostTask {
  return task('read-updates', {}, options.deadlineMs);
}

/** Stops k3s, has it put its certificates aside, and starts it: `restartK3s` waits for it. Done once for each rotation. */
export function rotateCertificates(
  options: Deadline & { readonly role: K3sRole; readonly rotation: string },
): HostTask {
  const { role, rotation, deadlineMs } = options;
  return task('rotate-certificates', { ROLE: role, ROTATION: rotation }, deadlineMs);
}

/** Asks k3s of one server to take another token for servers, at once and for all of them. */
export function rotateToken(
  options: Deadline & {
    readonly password: Secret;
    /** Of a server that has it already, so that what it has on its disk is in etcd, too; `try`: one that refuses is left. */
    readonly again?: 'yes' | 'try';
  },
): HostTask {
  return task('rotate-token', { NEW_TOKEN: options.password, AGAIN: options.again ?? '' }, options.deadlineMs);
}

/** Writes other passwords into the configuration. `agent`: that of `agent-token`, on servers. */
export function putTokens(
  options: Deadline & { readonly password: Secret; readonly agent?: Secret | undefined },
): HostTask {
  const { password, agent = '', deadlineMs } = options;
  return task('put-tokens', { TOKEN: password, AGENT_TOKEN: agent }, deadlineMs);
}

/**
 * Takes off a disk what is one machine's own, its authorized keys last. Fails with taskCode NOT_AN_IMAGE where k3s was ever
 * started on it.
 */
export function sealImage(options: Deadline = {}): HostTask {
  return task('seal-image', {}, options.deadlineMs);
}

/** Facts: `parseHostState`. */
export function observe(options: Deadline = {}): HostTask {
  return task('observe', {}, options.deadlineMs);
}

/** The script gives up some time before its deadline, to report what k3s said. */
const reportingMs = 30_000;

const waitSecondsOf = (deadlineMs: number): number => Math.max(5, Math.round((deadlineMs - reportingMs) / 1000));

function start(role: K3sRole, config: Secret, deadlineMs = 10 * minute): HostTask {
  const waitSeconds = waitSecondsOf(deadlineMs);
  return task(
    'start-k3s',
    { ROLE: role, CONFIG: config, UNIT: unitText(role), WAIT_SECONDS: waitSeconds },
    Math.max(deadlineMs, waitSeconds * 1000 + reportingMs),
  );
}

function task(name: string, params: Readonly<Record<string, TaskParam>>, deadlineMs = 2 * minute): HostTask {
  return { name, params, deadlineMs };
}
