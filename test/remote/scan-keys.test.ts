import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fingerprint, generateKeyPair, scanHostKeys } from '../../src/remote/index.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';
import { signal } from './support.js';

describe.skipIf(sshdMissing)(`the keys that a host shows to strangers ${sshdMissing ?? ''}`, () => {
  let host: TestHost;
  let inner: TestHost;
  beforeAll(async () => {
    host = await startHost({ ecdsa: true });
    inner = await startHost({ name: 'rack2' });
  });
  afterAll(async () => {
    await host.stop();
    await inner.stop();
  });
  const two = (key: string): string => key.split(' ').slice(0, 2).join(' ');

  it('are read without logging in, one of each kind', async () => {
    const keys = await scanHostKeys({ address: '127.0.0.1', port: host.sshdPort }, signal);
    expect(keys).toEqual(
      [host.hostKey.publicKey, host.ecdsaKey!].map((key) => ({
        type: key.split(' ')[0],
        publicKey: two(key),
        fingerprint: fingerprint(key),
      })),
    );
  });

  it('are read through a host on the way, once that one has proved itself', async () => {
    const jump = { ...host.target, port: host.sshdPort, owned: true };
    const endpoint = { address: '127.0.0.1', port: inner.sshdPort, jump };
    expect((await scanHostKeys(endpoint, signal)).map(({ publicKey }) => publicKey)).toEqual([
      two(inner.hostKey.publicKey),
    ]);
    const stranger = { ...jump, pins: async () => [generateKeyPair('other').publicKey] };
    await expect(scanHostKeys({ ...endpoint, jump: stranger }, signal)).rejects.toMatchObject({
      code: 'HOST_KEY_MISMATCH',
    });
  });

  it('of a host that is not there end with a word', async () => {
    await expect(scanHostKeys({ address: '127.0.0.1', port: 1 }, signal)).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('refused') as string,
    });
  });
});
