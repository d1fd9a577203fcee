import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import type { ServerChannel } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';

import { type Clock, openBoundary, systemClock, systemRandom } from '../../src/domain/index.js';
import { createRemote, generateKeyPair, loginTarget } from '../../src/remote/index.js';
import type { HostTarget, Remote, RunOptions } from '../../src/remote/types.js';
import { jumpingClock } from '../support/jumping-clock.js';
import { TalkingHost } from '../support/talking-host.js';
import { signal, task } from './support.js';

let host: TalkingHost | undefined;
let remote: Remote | undefined;
afterEach(async () => {
  await remote?.close();
  await host?.close();
  host = remote = undefined;
});

const target = (port: number, hostKey: string): HostTarget =>
  loginTarget('rack1', {
    address: '127.0.0.1',
    port,
    user: 'root',
    identity: generateKeyPair('me').privateKey,
    hostKeys: [hostKey],
  });

interface Asked extends Partial<RunOptions> {
  readonly clock?: Clock;
  readonly deadlineMs?: number;
}

async function run(
  says: (channel: ServerChannel) => void,
  { clock = systemClock, deadlineMs = 30_000, ...options }: Asked = {},
) {
  host = await TalkingHost.start(says);
  remote = createRemote({ clock, random: systemRandom, boundary: openBoundary });
  const session = await remote.connect(target(host.port, host.key.publicKey), 10_000, { signal });
  return session.run(task('read-claim', {}, deadlineMs), { signal, ...options });
}

/** Writes for as long as anybody takes it, and counts the bytes. */
function flood(text: string, stream: 'stdout' | 'stderr' = 'stdout') {
  const chunk = Buffer.from(text.repeat(Math.ceil(2 ** 15 / text.length)));
  const written = { bytes: 0 };
  const says = (channel: ServerChannel): void => {
    const out = stream === 'stdout' ? channel : channel.stderr;
    const more = (): void => {
      if (channel.destroyed) return;
      written.bytes += chunk.length;
      if (out.write(chunk)) setImmediate(more);
      else out.once('drain', more);
    };
    channel.write('slipway-began\n');
    more();
  };
  return { written, says };
}

describe('a host that writes without an end', () => {
  it.each([
    ['one line', 'x', 'stdout'],
    ['lines', 'all work and no play\n', 'stdout'],
    ['errors', 'no such file\n', 'stderr'],
    ['facts of ever the same names', 'a=b\n', 'stdout'],
    ['progress', '# still at it\n', 'stdout'],
  ] as const)('is given up after 16 MiB of %s', async (_what, text, stream) => {
    const { written, says } = flood(text, stream);
    await expect(run(says)).rejects.toMatchObject({
      code: 'TASK_OUTPUT',
      exitCode: 4,
      message: 'rack1: the output of read-claim came to no end and was given up.',
    });
    // What the channel's window and the sockets hold comes on top.
    expect(written.bytes).toBeLessThan(32 * 2 ** 20);
  });

  it('is given up, too, where a forced command does so in place of the task', async () => {
    const chunk = Buffer.alloc(2 ** 15, 'y\n');
    const says = (channel: ServerChannel): void => {
      const more = (): void => void (channel.destroyed || channel.write(chunk, () => setImmediate(more)));
      more();
    };
    await expect(run(says)).rejects.toMatchObject({ code: 'TASK_OUTPUT', exitCode: 4 });
  });

  it('shows five hundred characters of a line at most, as progress and as a reason two thousand', async () => {
    const progress: string[] = [];
    const says = (channel: ServerChannel): void => {
      channel.write(`slipway-began\n# ${'p'.repeat(2 ** 20)}\nerror=${'e'.repeat(2 ** 20)}\nslipway-exit=1\n`);
      channel.exit(1);
      channel.end();
    };
    const failure = run(says, { progress: (text) => progress.push(text) }).catch((error: unknown) => error);
    expect(((await failure) as Error).message.length).toBeLessThan(2_100);
    expect(progress).toEqual(['p'.repeat(500)]);
  });
});

describe.each(['forward', 'back'] as const)('while the clock of this computer is set a day %s at each look', (way) => {
  it('a login is waited for as long as its deadline says, and no longer', async () => {
    const key = generateKeyPair('host');
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const started = performance.now();
    remote = createRemote({ clock: jumpingClock(way), random: systemRandom, boundary: openBoundary });
    const connecting = remote.connect(target(port, key.publicKey), 700, { signal });
    await expect(connecting).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(690);
  });

  it('a task that takes its time is waited for', async () => {
    const says = (channel: ServerChannel): void => {
      channel.write('slipway-began\n');
      setTimeout(() => {
        channel.write('a=b\nslipway-exit=0\n');
        channel.exit(0);
        channel.end();
      }, 300);
    };
    expect(await run(says, { clock: jumpingClock(way) })).toEqual({ a: 'b' });
  });

  it('a connection that is always lost is looked for until the task’s deadline, and no longer', async () => {
    let sessions = 0;
    const says = (channel: ServerChannel): void => {
      sessions += 1;
      channel.write('slipway-began\n');
      channel.exit('KILL', false, '');
      channel.end();
    };
    const lost = run(says, { clock: jumpingClock(way), deadlineMs: 900 });
    await expect(lost).rejects.toMatchObject({ code: 'SSH_LOST', exitCode: 4 });
    expect(sessions).toBeGreaterThan(1);
  });
});
