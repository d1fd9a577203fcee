import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';

import { withBoundary, type Boundary, type Clock, type Random } from '../domain/index.js';
import { HostSession, type SessionTools } from './host-session.js';
import { JumpHosts } from './jump-hosts.js';
import type { TaskTexts } from './run-task.js';
import { ownTemplates } from './templates.js';
import type { HostTarget, Remote, RunOptions, Session } from './types.js';

export interface RemoteOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  /** Folder `templates`; the package's own unless said otherwise. */
  readonly templates?: string | undefined;
  /** Logins at once. Default 16. */
  readonly handshakes?: number | undefined;
}

/** SSH to the machines of a cluster: one connection each, made again when it breaks. */
export function createRemote(options: RemoteOptions): Remote {
  const { clock, random, boundary } = options;
  const folder = join(options.templates ?? ownTemplates, 'host');
  const sessions = new Map<string, HostSession>();
  const texts = new Map<string, Promise<string>>();

  const text = (name: string): Promise<string> => {
    const read = texts.get(name) ?? readFile(join(folder, name), 'utf8');
    texts.set(name, read);
    return read;
  };
  const limit = pLimit(options.handshakes ?? 16);
  const jumps = new JumpHosts(limit);
  const tools: SessionTools = {
    clock,
    random,
    boundary,
    limit,
    dial: (target) => (signal) => jumps.dial(target, signal),
    texts: async (task): Promise<TaskTexts> => {
      const [runner, common, own] = await Promise.all([
        text('lib/runner.sh'),
        text('lib/common.sh'),
        text(`${task}.sh`),
      ]);
      return { runner, script: common + own };
    },
  };

  const connect = async (target: HostTarget, deadlineMs: number, run: RunOptions): Promise<Session> => {
    // One signal stops all machines; Node would warn of a leak at eleven.
    setMaxListeners(0, run.signal);
    const { id = target.name } = target;
    let session = sessions.get(id);
    if (session && !samePlace(session.target, target)) {
      sessions.delete(id);
      await session.close();
      session = undefined;
    }
    if (!session) {
      session = new HostSession(target, tools);
      sessions.set(id, session);
    }
    const opened = session;
    try {
      await withBoundary(boundary, 'ssh', `${target.name} connect`, () => opened.open(deadlineMs, run));
    } catch (error) {
      // A later connect shall read the pins it was given, not those of a session that never was.
      if (!opened.connected && sessions.get(id) === opened) sessions.delete(id);
      throw error;
    }
    return opened;
  };

  const disconnect = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.close();
  };

  return {
    connect,
    disconnect,
    close: async () => {
      await Promise.all([...sessions.keys()].map(disconnect));
      jumps.close();
    },
  };
}

function samePlace(a: HostTarget, b: HostTarget): boolean {
  const { jump: viaA } = a;
  const { jump: viaB } = b;
  if ((viaA === undefined) !== (viaB === undefined)) return false;
  return (
    a.address === b.address &&
    a.port === b.port &&
    a.user === b.user &&
    a.identity.reveal() === b.identity.reveal() &&
    a.agent === b.agent &&
    (!viaA || !viaB || samePlace(viaA, viaB))
  );
}
