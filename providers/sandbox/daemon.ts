import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { inspect } from 'node:util';

import { profileWith, storedProfile } from './profile.js';
import { contained, reportFault } from './report-fault.js';
import { answerOrder } from './scenario/control-interface.js';
import { makeFolder, paths, readJson, type SandboxInfo, writeJson } from './state-folder.js';
import { World, type WorldSnapshot } from './world.js';

/** Real milliseconds between a change and its being on disk. */
const saveMs = 150;

/** The background process: `node daemon.js FOLDER PROFILE_CHANGES_JSON`. */
async function main(folder: string, changes: Record<string, unknown>): Promise<void> {
  makeFolder(folder);
  const file = paths(folder);
  const before = readJson<SandboxInfo>(file.info);
  const stored = readJson<WorldSnapshot>(file.state);
  const info = {
    controlToken: before?.controlToken ?? randomBytes(24).toString('hex'),
    cloudToken: before?.cloudToken ?? randomBytes(32).toString('hex'),
    readOnlyToken: before?.readOnlyToken ?? randomBytes(32).toString('hex'),
  };
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writeJson(file.state, world.snapshot());
  };
  const changed = (): void => {
    timer ??= setTimeout(() => contained('save', save), saveMs);
  };
  const tokens = [
    { token: info.cloudToken, access: 'read-write' },
    { token: info.readOnlyToken, access: 'read-only' },
  ] as const;
  const world = new World(profileWith(changes, storedProfile(stored?.profile)), tokens, changed);
  const stop = (): void => {
    // A disk that is full keeps it from being stored, not from ending.
    contained('save', save);
    process.exit(0);
  };
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v1')) return world.cloud.handle(request, response);
    if (request.url?.startsWith('/v4')) return world.linode.handle(request, response);
    answerOrder({ world, token: info.controlToken, stop }, request, response);
  });
  server.keepAliveTimeout = 60_000;
  if (before) await world.ports.keep([before.port]);
  const port = await world.ports.listen(server, before?.port);
  if (stored) await world.restore(stored);
  writeJson(file.info, { ...info, pid: process.pid, port, startedAt: new Date().toISOString() } satisfies SandboxInfo);
  // The last resort; each part catches what it can put into words.
  process.on('uncaughtException', (error) => reportFault('uncaught', error));
  process.on('unhandledRejection', (error) => reportFault('unhandled', error));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main(process.argv[2]!, JSON.parse(process.argv[3] ?? '{}') as Record<string, unknown>).catch((error: unknown) => {
  // Whoever started it is shown the last lines of its log: the message has to be among them.
  process.stderr.write(`${inspect(error).split('\n').slice(0, 7).join('\n')}\n`);
  process.exit(1);
});
