import { createServer, type AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary, systemClock, systemRandom } from '../../src/domain/index.js';
import { IncompleteError, RefusedError } from '../../src/errors/index.js';
import { createRemote, fingerprint, generateKeyPair } from '../../src/remote/index.js';
import type { HostTarget, Remote } from '../../src/remote/types.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';

const tools = { clock: systemClock, random: systemRandom, boundary: openBoundary };
const signal = new AbortController().signal;
const options = { signal };

describe.skipIf(sshdMissing)(`logging in to a real sshd ${sshdMissing ?? ''}`, () => {
  let host: TestHost;
  let remote: Remote;
  beforeAll(async () => {
    host = await startHost();
  });
  afterAll(() => host.stop());
  afterEach(() => remote.close());

  const connect = (changes: Partial<HostTarget> = {}, deadlineMs = 20_000) =>
    remote.connect({ ...host.target, ...changes }, deadlineMs, options);
  const fresh = (): void => {
    remote = createRemote(tools);
  };

  it('accepts exactly the pinned key', async () => {
    fresh();
    const session = await connect();
    expect(session.target.name).toBe('demo-cp-1');
  });

  it('accepts any key of the set while a swap is under way', async () => {
    fresh();
    const other = generateKeyPair('next').publicKey;
    await expect(connect({ pins: async () => [other, host.hostKey.publicKey] })).resolves.toBeDefined();
  });

  it('refuses a host with another key at once, naming both fingerprints and what to do', async () => {
    fresh();
    const other = generateKeyPair('other').publicKey;
    const error: unknown = await connect({ pins: async () => [other] }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: 'HOST_KEY_MISMATCH', hint: expect.stringContaining('delete it') as string });
    expect((error as RefusedError).message).toContain(fingerprint(host.hostKey.publicKey));
    expect((error as RefusedError).message).toContain(fingerprint(other));
  });

  it('never trusts on first use: without a pin nothing is connected to', async () => {
    fresh();
    await expect(connect({ pins: async () => [] })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    await expect(connect({ pins: async () => ['nonsense'] })).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
  });

  it('says that the key was not taken, after giving it some time to arrive', async () => {
    fresh();
    const error = connect({ identity: generateKeyPair('stranger').privateKey }, 2_000);
    await expect(error).rejects.toMatchObject({ code: 'SSH_LOGIN_REFUSED' });
    await expect(error).rejects.toBeInstanceOf(IncompleteError);
  });

  it('names a key file that cannot be read instead of trying for minutes', async () => {
    fresh();
    const { Secret } = await import('../../src/domain/secret.js');
    await expect(connect({ identity: new Secret('not a key') })).rejects.toMatchObject({ code: 'SSH_IDENTITY' });
  });

  it('gives up at the deadline with the last thing seen', async () => {
    fresh();
    const error: unknown = await connect({ port: 1 }, 600).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'SSH_UNREACHABLE',
      details: [expect.stringMatching(/^last seen: the connection was refused/) as string],
      hint: expect.stringContaining('run the same command again') as string,
    });
  });

  it('waits for a machine that starts to answer later', async () => {
    fresh();
    host.closeGate();
    const seen: string[] = [];
    const session = remote.connect(host.target, 20_000, {
      signal,
      progress: (text) => {
        seen.push(text);
        host.openGate();
      },
    });
    await expect(session).resolves.toBeDefined();
    expect(seen[0]).toMatch(/connection was (reset|refused|closed)/);
  });

  it('is not held up by something that accepts and says nothing, once it is interrupted', async () => {
    fresh();
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const stop = new AbortController();
    const waiting = remote.connect({ ...host.target, port: (mute.address() as AddressInfo).port }, 60_000, {
      signal: stop.signal,
    });
    mute.once('connection', () => stop.abort(new Error('Ctrl-C')));
    await expect(waiting).rejects.toThrow('Ctrl-C');
    mute.close();
  });

  it('makes one connection for all who ask, and a new one after disconnect', async () => {
    fresh();
    const before = host.connections();
    const [a, b] = await Promise.all([connect(), connect()]);
    expect(a).toBe(b);
    expect(await connect()).toBe(a);
    expect(host.connections()).toBe(before + 1);
    await remote.disconnect('demo-cp-1');
    await connect();
    expect(host.connections()).toBe(before + 2);
  });

  it('reads the pins anew for each connection', async () => {
    fresh();
    const other = generateKeyPair('other').publicKey;
    let pins = [host.hostKey.publicKey];
    await connect({ pins: async () => pins });
    pins = [other];
    await remote.disconnect('demo-cp-1');
    await expect(connect({ pins: async () => pins })).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
  });

  it('logs in to twenty machines with four handshakes at a time', async () => {
    remote = createRemote({ ...tools, handshakes: 4 });
    const names = Array.from({ length: 20 }, (_, index) => `demo-web-${index + 1}`);
    const sessions = await Promise.all(names.map((name) => connect({ name }, 30_000)));
    expect(new Set(sessions).size).toBe(20);
  });
});
