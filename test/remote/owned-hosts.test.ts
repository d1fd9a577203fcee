import type { AddressInfo } from 'node:net';

import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { MachineLogin } from '../../src/domain/machine.js';
import { createRemote, fingerprint, generateKeyPair, loginTarget } from '../../src/remote/index.js';
import type { Remote } from '../../src/remote/types.js';
import { openBoundary, systemClock, systemRandom } from '../../src/domain/index.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';
import { signal, task } from './support.js';

describe.skipIf(sshdMissing)(`hosts of their owner’s, on a real sshd ${sshdMissing ?? ''}`, () => {
  let host: TestHost;
  let inner: TestHost;
  let remote: Remote;
  beforeAll(async () => {
    host = await startHost({ ecdsa: true });
    inner = await startHost({ name: 'rack2', identity: host.identity });
  });
  afterAll(async () => {
    await host.stop();
    await inner.stop();
  });
  afterEach(() => remote.close());

  const login = (change: Partial<MachineLogin> = {}, at = host): MachineLogin => ({
    address: '127.0.0.1',
    port: at.sshdPort,
    user: at.target.user,
    identity: at.identity.privateKey,
    hostKeys: [at.hostKey.publicKey],
    ...change,
  });
  const connect = (to: MachineLogin, deadlineMs = 5_000) => {
    remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
    return remote.connect(loginTarget('rack1', to), deadlineMs, { signal });
  };

  it('are known by a fingerprint as well as by a whole key, and tell which key it was', async () => {
    const session = await connect(login({ hostKeys: [fingerprint(host.hostKey.publicKey)] }));
    expect(session.hostKey.split(' ').slice(0, 2)).toEqual(host.hostKey.publicKey.split(' ').slice(0, 2));
  });

  it('are known by the fingerprint of a key that they show only when asked for that kind', async () => {
    const session = await connect(login({ hostKeys: [fingerprint(host.ecdsaKey!)] }));
    expect(session.hostKey).toBe(host.ecdsaKey!.split(' ').slice(0, 2).join(' '));
  });

  it('with another key are refused, with both fingerprints and how to look at the keys', async () => {
    const other = fingerprint(generateKeyPair('other').publicKey);
    const error: unknown = await connect(login({ hostKeys: [other] })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'HOST_KEY_MISMATCH', exitCode: 3 });
    expect((error as Error).message).toContain(other);
    expect((error as Error).message).toContain(fingerprint(host.hostKey.publicKey));
    expect((error as { hint: string }).hint).toContain(`slipway host scan 127.0.0.1:${host.sshdPort}`);
  });

  it('that do not take the key say whose key and which user, at once', async () => {
    const error: unknown = await connect(login({ identity: generateKeyPair('stranger').privateKey }), 60_000).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: 'SSH_LOGIN_REFUSED',
      hint: expect.stringContaining('authorized_keys') as string,
    });
    expect((error as Error).message).toContain(host.target.user);
  });

  describe('behind another', () => {
    const jump = (change: Partial<MachineLogin> = {}) => ({ ...login(), ...change });

    it('are reached through it, each with its own key', async () => {
      const session = await connect(login({ jump: jump() }, inner));
      expect(session.hostKey.split(' ')[1]).toBe(inner.hostKey.publicKey.split(' ')[1]);
      await expect(connect(login({ hostKeys: [host.hostKey.publicKey], jump: jump() }, inner))).rejects.toMatchObject({
        code: 'HOST_KEY_MISMATCH',
      });
    });

    it('are not reached when the one on the way is not who it should be', async () => {
      const stranger = generateKeyPair('other').publicKey;
      const error: unknown = await connect(login({ jump: jump({ hostKeys: [stranger] }) }, inner)).catch(
        (caught: unknown) => caught,
      );
      expect(error).toMatchObject({ code: 'HOST_KEY_MISMATCH' });
      expect((error as Error).message).toContain('the jump host 127.0.0.1');
    });

    it('say which of the two did not answer', async () => {
      const closed = login({ port: 1 }, inner);
      const error: unknown = await connect({ ...closed, jump: jump() }, 1_000).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'SSH_UNREACHABLE' });
      const texts: string[] = [];
      for (let one: unknown = error; one instanceof Error; one = one.cause) texts.push(one.message);
      expect(texts.join('\n')).toContain('the jump host 127.0.0.1 cannot reach it');
    });
  });

  it('whose user may not become root say how to allow it', async () => {
    const commands: string[] = [];
    const server = new ssh2.Server({ hostKeys: [host.hostKey.privateKey.reveal()] }, (client) => {
      client.on('authentication', (context) => context.accept());
      client.on('error', () => {});
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          commands.push(command);
          const channel = acceptExec();
          channel.stderr.write('sudo: a password is required\n');
          channel.exit(1);
          channel.end();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const session = await connect(login({ port, user: 'admin' }));
      const error: unknown = await session.run(task('read-claim'), { signal }).catch((caught: unknown) => caught);
      expect(commands).toEqual(['sudo -n sh -s']);
      expect(error).toMatchObject({
        code: 'TASK_FAILED',
        exitCode: 4,
        hint: expect.stringContaining('NOPASSWD') as string,
      });
      expect((error as Error).message).toContain('may not become root without a password');
    } finally {
      await remote.close();
      server.close();
    }
  });
});
