import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

import { UsageError } from '../errors/index.js';
import type { HostTarget } from '../remote/types.js';

/**
 * Runs OpenSSH's client with the key and the pinned host keys of a target, strictly checked, also on the way there.
 * @param target pins are whole keys: `wholePins` makes them of fingerprints
 * @returns the exit code of the remote command
 * @throws UsageError code NO_SSH_CLIENT
 */
export async function runSsh(target: HostTarget, command: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ssh-'));
  try {
    const config = join(folder, 'config');
    const name = wordOf(target.name);
    const jump = target.jump && `${name}-jump`;
    const entries = [
      await writeEntry(folder, name, target, jump === undefined ? [] : [`ProxyJump ${jump}`]),
      ...(jump === undefined ? [] : [await writeEntry(folder, jump, target.jump!)]),
    ];
    await writeFile(config, entries.join('\n'), { mode: 0o600 });
    const result = await execa('ssh', ['-F', config, name, ...command], { stdio: 'inherit', reject: false });
    if (result.code === 'ENOENT') {
      throw new UsageError('There is no ssh client on this computer.', {
        code: 'NO_SSH_CLIENT',
        hint: 'Install OpenSSH’s client.',
      });
    }
    return result.exitCode ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An entry of ssh_config, with the files it names in the folder. */
async function writeEntry(
  folder: string,
  name: string,
  target: Omit<HostTarget, 'jump'>,
  more: readonly string[] = [],
): Promise<string> {
  const keyFile = join(folder, `${name}.key`);
  const knownHosts = join(folder, `${name}.known_hosts`);
  const pins = await target.pins();
  await writeFile(keyFile, `${target.identity.reveal().trim()}\n`, { mode: 0o600 });
  await writeFile(knownHosts, pins.map((pin) => `${name} ${pin.split(' ').slice(0, 2).join(' ')}\n`).join(''), {
    mode: 0o600,
  });
  const lines = [
    `HostName ${target.address}`,
    `Port ${target.port}`,
    `User ${quoted(target.user)}`,
    `IdentityFile ${quoted(keyFile)}`,
    'IdentitiesOnly yes',
    `IdentityAgent ${target.agent === undefined ? 'none' : quoted(target.agent)}`,
    // The pins are of the host, whatever the name or the port by which it is reached.
    `HostKeyAlias ${name}`,
    'StrictHostKeyChecking yes',
    `UserKnownHostsFile ${quoted(knownHosts)}`,
    'GlobalKnownHostsFile /dev/null',
    'LogLevel ERROR',
    ...more,
  ];
  return `Host ${name}\n${lines.map((line) => `  ${line.replace(/\p{Cc}/gu, '')}\n`).join('')}`;
}

const wordOf = (name: string): string => name.replace(/[^\w.-]+/g, '-');
const quoted = (text: string): string => `"${text.replaceAll('"', '')}"`;
