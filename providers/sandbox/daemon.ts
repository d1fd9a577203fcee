import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { systemRandom } from './random.js';
import type { Fault } from './hetzner-api/index.js';
import type { CutOrder } from './hosts/index.js';
import type { ChartFault } from './helm/index.js';
import type { HostsOrder } from './hosts/bare-hosts.js';
import { listenLocally } from './hosts/ports.js';
import { profileWith, storedProfile } from './profile.js';
import { contained, reportFault } from './report-fault.js';
import { makeFolder, paths, readJson, type SandboxInfo, writeJson } from './state-folder.js';
import { World, type WorldSnapshot } from './world.js';

/** Real milliseconds between a change and its being on disk. */
const saveMs = 150;

/** What can go wrong on order. */
interface Orders {
  readonly cloud?: readonly Fault[];
  readonly cut?: readonly CutOrder[];
  /** Regular expressions on names of machines to come. */
  readonly neverBoot?: readonly string[];
  readonly serverLimit?: number;
  readonly soldOut?: readonly { readonly type: string; readonly location: string }[];
  /** By name of a chart or a release: see `ChartFault`. */
  readonly charts?: Readonly<Record<string, ChartFault>>;
  readonly clear?: boolean;
}

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
    if (request.headers.authorization !== `Bearer ${info.controlToken}`)
      return reply(response, 401, { error: 'unauthorized' });
    control(world, request, response, stop).catch((error: unknown) => reply(response, 500, { error: String(error) }));
  });
  server.keepAliveTimeout = 60_000;
  const port = await listenLocally(server, before?.port, systemRandom);
  if (stored) await world.restore(stored);
  writeJson(file.info, { ...info, pid: process.pid, port, startedAt: new Date().toISOString() } satisfies SandboxInfo);
  // The last resort; each part catches what it can put into words.
  process.on('uncaughtException', (error) => reportFault('uncaught', error));
  process.on('unhandledRejection', (error) => reportFault('unhandled', error));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function control(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  stop: () => void,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const body = await bodyOf(request);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /_sandbox/status':
      return reply(response, 200, {
        profile: world.profile,
        machines: world.machines.all().length,
        clusters: world.k3s.clusters().length,
        calls: world.cloud.calls,
        memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
      });
    case 'GET /_sandbox/endpoint': {
      const port = await world.endpoint(url.searchParams.get('address') ?? '', Number(url.searchParams.get('port')));
      return port === undefined
        ? reply(response, 404, { error: 'nothing is there' })
        : reply(response, 200, { host: '127.0.0.1', port });
    }
    case 'GET /_sandbox/machines':
      return reply(response, 200, {
        machines: world.machines
          .all()
          .map(({ id, spec, power, bootId }) => ({ id, name: spec.name, power, bootId, address: spec.publicAddress })),
      });
    case 'POST /_sandbox/machines':
      return reply(response, 200, { machines: act(world, body as MachineAct) });
    case 'GET /_sandbox/hosts':
      return reply(response, 200, { hosts: world.hosts.list() });
    case 'POST /_sandbox/hosts':
      return reply(response, 200, await world.hosts.order(body as HostsOrder));
    case 'POST /_sandbox/faults':
      order(world, body as Orders);
      return reply(response, 200, { cloud: world.cloud.faults.list() });
    case 'POST /_sandbox/profile': {
      const { timeScale } = profileWith({ timeScale: (body as { timeScale?: unknown }).timeScale }, world.profile);
      world.setTimeScale(timeScale);
      return reply(response, 200, { profile: world.profile });
    }
    case 'POST /_sandbox/stop':
      reply(response, 200, {});
      response.on('finish', stop);
      return;
    default:
      return reply(response, 404, { error: `${request.method} ${url.pathname} is nothing the sandbox knows` });
  }
}

/** Something done to machines whose name fits a regular expression. */
interface MachineAct {
  readonly act: 'kill' | 'start' | 'reboot' | 'cutOff' | 'reconnect' | 'change';
  readonly name?: string;
  /** For `change`: what is particular about bare hosts from now on. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

function act(world: World, { act: what, name = '.*', facts = {} }: MachineAct): string[] {
  const pattern = new RegExp(name);
  const chosen = world.machines.all().filter(({ spec }) => pattern.test(spec.name));
  if (what === 'change') world.hosts.change(pattern, facts);
  for (const machine of chosen) {
    if (what === 'kill') machine.powerOff();
    else if (what === 'start') machine.powerOn();
    else if (what === 'reboot') machine.reboot();
    else if (what === 'cutOff' || what === 'reconnect') world.machines.cutOff(machine.id, what === 'cutOff');
  }
  return chosen.map(({ spec }) => spec.name);
}

function order(world: World, orders: Orders): void {
  const { faults } = world.cloud;
  if (orders.clear) {
    faults.clear();
    world.machines.cuts.length = 0;
    world.chartFaults.clear();
  }
  for (const fault of orders.cloud ?? []) faults.add(fault);
  for (const neverBoots of orders.neverBoot ?? []) faults.add({ effect: { neverBoots } });
  if (orders.serverLimit !== undefined) faults.add({ effect: { limit: { servers: orders.serverLimit } } });
  for (const soldOut of orders.soldOut ?? []) faults.add({ effect: { soldOut } });
  world.chartFaults.order(orders.charts ?? {});
  world.machines.cuts.push(...(orders.cut ?? []));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

await main(process.argv[2]!, JSON.parse(process.argv[3] ?? '{}') as Record<string, unknown>);
