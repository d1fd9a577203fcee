import { execa } from 'execa';

import { slack } from './slack.js';

const script = new URL('../rig/rig.sh', import.meta.url).pathname;

/** A host of the rig, as `rig.sh` describes it. */
export interface RigHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** As OpenSSH writes it: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  readonly fingerprint: string;
  readonly running: boolean;
}

async function rig(args: readonly string[], input?: string | { readonly file: string }): Promise<string> {
  const { stdout } = await execa(script, args, {
    timeout: slack * 180_000,
    ...(input === undefined ? { stdin: 'ignore' } : typeof input === 'string' ? { input } : { inputFile: input.file }),
  });
  return stdout;
}

const parsed = (line: string): RigHost => JSON.parse(line) as RigHost;
const all = async (): Promise<readonly RigHost[]> => (await rig(['list'])).split('\n').filter(Boolean).map(parsed);

/** What a host is like now; its key may be another than when it was made. */
export async function described(name: string): Promise<RigHost> {
  const host = (await all()).find((one) => one.name === name);
  if (!host) throw new Error(`there is no host ${name}`);
  return host;
}

/**
 * Makes and boots hosts at `10.231.7.<octet>`, all at once. They answer SSH when this returns, and are settled: what
 * systemd does at a first boot is done, so that a look at them shows what they are like in rest.
 */
export async function createHosts(hosts: Readonly<Record<string, number>>): Promise<Map<string, RigHost>> {
  const made = await Promise.all(
    Object.entries(hosts).map(async ([name, octet]) => parsed(await rig(['create', name, String(octet)]))),
  );
  await Promise.all(made.map(({ name }) => ssh(name, 'systemctl is-system-running --wait >/dev/null; true')));
  return new Map(made.map((host) => [host.name, host]));
}

/** A host on which nothing runs but an SSH server: its init is no systemd. */
export const createPlainHost = async (name: string, octet: number): Promise<RigHost> =>
  parsed(await rig(['create', name, String(octet), '--init', 'sshd']));

/** A command on a host, as root, past slipway. Throws when it fails; `input` is its standard input. */
export const ssh = (name: string, command: string, input?: string | { readonly file: string }): Promise<string> =>
  rig(['ssh', name, command], input);

/** Power cut: no shutdown; the disk stays. */
export const pullThePlug = (...names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map((name) => rig(['kill', name])));
/** The power button. Returns when the host answers SSH. */
export const powerOn = (...names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map((name) => rig(['start', name])));
/** Orderly; returns when the new boot answers. */
export const reboot = (...names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map((name) => rig(['reboot', name])));
/** A new machine under the old address: new disk, new host key. */
export const recreate = (name: string): Promise<unknown> => rig(['recreate', name]);
/** Network cable out. */
export const unplug = (name: string): Promise<unknown> => rig(['cut', name]);
/** Network cable in. */
export const plugIn = (name: string): Promise<unknown> => rig(['heal', name]);
/** Thrown away; names that are not there are fine. */
export async function destroyHosts(...names: readonly string[]): Promise<void> {
  const there = new Set((await all()).map(({ name }) => name));
  await Promise.all(names.filter((name) => there.has(name)).map((name) => rig(['destroy', name])));
}

/** Whether what a host wrote last says why it is as it is: for a failed test's message. */
export async function lastWords(name: string): Promise<string> {
  const command = `journalctl -o cat --no-pager -n 400 | grep -E 'k3s|slipway|level=(error|fatal)' | tail -15`;
  return ssh(name, `${command}; true`).catch((error: unknown) => `no answer: ${String(error).slice(0, 200)}`);
}
