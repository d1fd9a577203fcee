import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

import { UsageError } from '../errors/index.js';
import type { HostTarget } from '../remote/types.js';

/**
 * Runs OpenSSH's client with the cluster's key and the pinned host keys, strictly checked.
 * @returns the exit code of the remote command
 * @throws UsageError code NO_SSH_CLIENT
 */
export async function runSsh(target: HostTarget, command: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ssh-'));
  const keyFile = join(folder, 'id');
  const knownHosts = join(folder, 'known_hosts');
  try {
    await writeFile(keyFile, target.identity.reveal(), { mode: 0o600 });
    const place = target.port === 22 ? target.address : `[${target.address}]:${target.port}`;
    const pins = await target.pins();
    await writeFile(knownHosts, pins.map((pin) => `${place} ${pin.split(' ').slice(0, 2).join(' ')}\n`).join(''), {
      mode: 0o600,
    });
    const options = [
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${knownHosts}`,
      'GlobalKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ];
    const result = await execa(
      'ssh',
      [
        '-F',
        'none',
        '-i',
        keyFile,
        '-p',
        String(target.port),
        ...options.flatMap((option) => ['-o', option]),
        `${target.user}@${target.address}`,
        ...command,
      ],
      { stdio: 'inherit', reject: false },
    );
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
