import { hetznerApi } from '../../../../providers/hetzner/client.js';
import { openBoundary, type Boundary } from '../../../../src/domain/boundary.js';
import type { Clock } from '../../../../src/domain/clock.js';
import { Secret } from '../../../../src/domain/secret.js';
import type { ApiClient } from '../../../../src/http/api/client.js';
import { FakeClock, fixedRandom } from '../../../support/fake-clock.js';
import { type Reply, type Script, type ScriptedServer, scriptedServer } from '../../../support/scripted-server.js';

export type { Answer, Reply, SeenRequest } from '../../../support/scripted-server.js';

export interface ScriptedApi extends ScriptedServer {
  readonly api: ApiClient;
  readonly clock: Clock;
}

export interface ScriptOptions {
  readonly boundary?: Boundary;
  readonly clock?: Clock;
  readonly log?: (line: string) => void;
  readonly token?: string;
}

export const wireError = (status: number, code: string, message = code, details: unknown = null): Reply => ({
  status,
  body: { error: { code, message, details } },
});

/** A real HTTP server that answers what `script` says, with the client under test pointed at it. */
export async function scriptedApi(script: Script, options: ScriptOptions = {}): Promise<ScriptedApi> {
  const server = await scriptedServer(script);
  const clock = options.clock ?? new FakeClock();
  const api = hetznerApi({
    endpoint: server.endpoint,
    token: options.token === '' ? undefined : new Secret(options.token ?? 'token-of-the-test'),
    clock,
    random: fixedRandom,
    boundary: options.boundary ?? openBoundary,
    timeScale: 1,
    log: options.log,
  });
  return { ...server, api, clock };
}
