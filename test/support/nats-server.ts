import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { at, bare, rendered } from '../components/network-cluster.js';
import { client } from './clients.js';

/** A server of NATS with JetStream, configured as the component configures it. */
export interface NatsServer {
  readonly port: number;
  readonly passwords: { readonly app: string; readonly backup: string };
  /** Ends it and throws all its streams away; it starts again with none. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

/** Undefined where it is not installed. */
export async function natsServer(): Promise<NatsServer | undefined> {
  const program = client('nats');
  if (program === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-nats-'));
  // Digits alone and a #: what would be read as something else without quotes.
  const passwords = { app: '1234567890', backup: 'planted#backup-password' };
  writeFileSync(join(folder, 'nats.conf'), await configuration());
  const env = { NATS_PASSWORD: `"${passwords.app}"`, NATS_BACKUP_PASSWORD: `"${passwords.backup}"` };
  const start = async (port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
    const args = ['--config', 'nats.conf', '--addr', '127.0.0.1', '--port', String(port), '--store_dir', 'store'];
    return ready(spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] }));
  };
  let running = await start(-1);
  return {
    port: running.port,
    passwords,
    lose: async () => {
      await ended(running.child);
      rmSync(join(folder, 'store'), { recursive: true });
      running = await start(running.port);
    },
    close: async () => {
      await ended(running.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One as a drill starts it in a pod: nobody is asked for a name, and nothing is in it. Undefined where it is not installed. */
export async function emptyNats(): Promise<{ readonly port: number; close(): Promise<void> } | undefined> {
  const program = client('nats');
  if (program === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-nats-'));
  const args = ['--jetstream', '--addr', '127.0.0.1', '--port', '-1', '--store_dir', 'store'];
  const { child, port } = await ready(spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] }));
  return {
    port,
    close: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(
  child: ChildProcess & { readonly stderr: NonNullable<ChildProcess['stderr']> },
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const said: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said.push(String(chunk));
      const all = said.join('');
      const heard = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(all)?.[1];
      if (heard !== undefined && all.includes('Server is ready')) resolve(Number(heard));
    });
    child.once('exit', () => reject(new Error(`the NATS server ended: ${said.join('')}`)));
  });
  return { child, port };
}

/** What the chart makes of the component’s values: JSON, in which `<< $NAME >>` stands for a variable. */
async function configuration(): Promise<string> {
  const values = (await rendered({ preset: 'none', nats: {} }, { provider: bare })).values('nats');
  const merged = JSON.stringify(at(values, 'config.merge')).replaceAll(/"<< (\$\w+) >>"/g, '$1');
  return `jetstream: {max_mem: 64M, max_file: 256M}\n${merged.slice(1, -1)}\n`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
