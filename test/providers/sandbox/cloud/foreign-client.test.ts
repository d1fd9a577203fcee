import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { Cloud } from '../../../../providers/sandbox/cloud/index.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { BookkeepingHost, profile, publicKey } from './rig.js';

const run = promisify(execFile);
/** The newest that still deletes load balancers as the OpenAPI document says: 204, where 2.27 wants an action. */
const version = '2.26.0';

/** Python with Hetzner's client in the cache folder, or in words why there is none. */
async function pythonWithClient(): Promise<{ readonly python: string } | { readonly absence: string }> {
  const cache =
    process.env.SLIPWAY_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slipway-test');
  const folder = join(cache, `hcloud-python-${version}`);
  const python = join(folder, 'bin', 'python');
  const works = (): Promise<boolean> =>
    run(python, ['-c', 'import hcloud']).then(
      () => true,
      () => false,
    );
  if (existsSync(python) && (await works())) return { python };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  try {
    await run('python3', ['-m', 'venv', folder]);
  } catch {
    return { absence: 'python3 with its venv module is not on this computer' };
  }
  try {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `hcloud==${version}`]);
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return { absence: `the package registry did not give hcloud ${version}` };
  }
  return (await works()) ? { python } : { absence: `hcloud ${version} does not run on this Python` };
}

const found = await pythonWithClient();
if ('absence' in found) console.log(`skipped: Hetzner’s Python client: ${found.absence}`);

describe.skipIf('absence' in found)('Hetzner’s own Python client', () => {
  it('does its whole day’s work against the sandbox', async () => {
    if ('absence' in found) return;
    const host = new BookkeepingHost();
    const fast = { ...profile, timeScale: 0.01, apiLatencyMs: 120 };
    const cloud = new Cloud({
      profile: fast,
      clock: new ScaledClock(fast.timeScale),
      host,
      probe: host,
      tokens: [{ token: 'writer', access: 'read-write' }],
      random: systemRandom,
    });
    const server = createServer((request, response) => cloud.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const script = fileURLToPath(new URL('./foreign_client.py', import.meta.url));
      const { stdout } = await run(found.python, [script, endpoint, 'writer', publicKey]);
      expect(JSON.parse(stdout)).toEqual({
        locations: ['fsn1', 'nbg1', 'hel1', 'ash', 'hil', 'sin'],
        server_types: 25,
        images: 2,
        statuses: ['running', 'running'],
        private: ['10.0.1.1', '10.0.1.2'],
        firewalls: ['applied', 'applied'],
        found: ['a', 'b'],
        twice: 'uniqueness_error',
        balancer: '10.0.1.3',
        volume_on: true,
        off: 'off',
        image: 'available',
        left: 0,
        volume_free: true,
        network: true,
        firewall: true,
      });
      expect(host.calls).toContain('attach 10.0.1.2 to b');
    } finally {
      cloud.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
