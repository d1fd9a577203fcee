import { Secret } from '../../../domain/index.js';
import { UnexpectedError } from '../../../errors/index.js';
import { deadlines } from '../../../phases/deadlines.js';
import { lookInside } from '../../../phases/session.js';
import type { Backups } from '../../backups.js';
import { packSnapshot, parseServerInfo, serverInfo } from '../host/index.js';
import { NoDatabase } from './bolt.js';
import { inspectSnapshot, passwordOf } from './inspect.js';
import { stopCommand } from './commands.js';
import { snapshotSource } from './source.js';

/** Snapshots of the etcd that servers of k3s run themselves. */
export const k3sBackups: Backups = {
  onServers: { stop: stopCommand, log: 'journalctl -u k3s' },
  source: snapshotSource,
  fetch: async (tools, server, name, file, run) => {
    const session = await lookInside(tools, server, run);
    const { serverToken, agentPassword } = parseServerInfo(await session.run(serverInfo(), run));
    const task = packSnapshot({ name, owner: session.target.user, deadlineMs: deadlines.download });
    const { packed, sha256, k3s_version: kubernetesVersion, error } = await session.run(task, run);
    if (!packed || !sha256 || !kubernetesVersion) {
      throw new UnexpectedError('A host task’s answer cannot be used: snapshot-etcd names no file.', {
        code: 'BAD_FACTS',
        cause: error,
      });
    }
    run.progress('copying it here');
    await session.download(packed, file, run);
    return {
      sha256,
      kubernetesVersion,
      tokens: { server: new Secret(passwordOf(serverToken)), agent: new Secret(passwordOf(agentPassword)) },
    };
  },
  inspect: async (file, token) => {
    try {
      return await inspectSnapshot(file, token);
    } catch (error) {
      if (error instanceof NoDatabase || error instanceof RangeError) return { broken: error.message };
      throw error;
    }
  },
};
