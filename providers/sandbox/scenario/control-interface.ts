import type { IncomingMessage, ServerResponse } from 'node:http';

import type { HostsOrder } from '../hosts/bare-hosts.js';
import { profileWith } from '../profile.js';
import type { World } from '../world.js';
import { type FaultOrders, orderFaults } from './faults.js';
import { actOn, type DiskOrder, type MachineAct, onDisk } from './machine-acts.js';

/** What the control interface, `/_sandbox/…`, has in its hands. */
export interface Controlled {
  readonly world: World;
  /** Whoever gives orders has it. */
  readonly token: string;
  readonly stop: () => void;
}

/** Answers a request to the control interface; never throws. */
export function answerOrder(controlled: Controlled, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.authorization !== `Bearer ${controlled.token}`)
    return reply(response, 401, { error: 'unauthorized' });
  answer(controlled, request, response).catch((error: unknown) => reply(response, 500, { error: String(error) }));
}

async function answer({ world, stop }: Controlled, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const body = await bodyOf(request);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /_sandbox/status':
      return reply(response, 200, {
        profile: world.profile,
        machines: world.machines.all().length,
        clusters: world.k3s.clusters().length + world.lke.size,
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
      return reply(response, 200, { machines: actOn(world, body as MachineAct) });
    case 'POST /_sandbox/disk':
      return reply(response, 200, { text: onDisk(world, body as DiskOrder) });
    case 'GET /_sandbox/hosts':
      return reply(response, 200, { hosts: world.hosts.list() });
    case 'POST /_sandbox/hosts':
      return reply(response, 200, await world.hosts.order(body as HostsOrder));
    case 'POST /_sandbox/faults':
      orderFaults(world, body as FaultOrders);
      return reply(response, 200, { cloud: world.cloud.faults.list() });
    case 'POST /_sandbox/lke': {
      // What LKE does by itself, without being asked.
      const { version, patch } = body as { readonly version: string; readonly patch: string };
      world.linode.patch(version, patch);
      return reply(response, 200, {});
    }
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
