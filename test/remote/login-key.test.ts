import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { readIdentity, type LoginKey } from '../../src/remote/login-key.js';
import { generateKeyPair, loginTarget } from '../../src/remote/index.js';
import type { HostTarget, Remote } from '../../src/remote/types.js';
import { runSsh } from '../../src/cli/openssh.js';
import { remoteWith, signal } from './support.js';
import { sshdMissing, startHost, type TestHost } from '../support/sshd.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (identity: string | undefined, variables: Readonly<Record<string, string>> = {}) =>
  readIdentity({ section: { identity }, variable: (name) => variables[name] });
const keys = generateKeyPair('me');
const path = join(folder, 'id_ed25519');
writeFileSync(path, keys.privateKey.reveal(), { mode: 0o600 });
const client = ['ssh', 'ssh-keygen', 'ssh-agent', 'ssh-add'].every((name) => spawnSync('which', [name]).status === 0);

describe('the key to log in to hosts with', () => {
  it('is the one of the file, else of SLIPWAY_SSH_KEY, else of the home folder', async () => {
    expect((await read(path)).identity.reveal()).toBe(keys.privateKey.reveal());
    expect((await read(undefined, { SLIPWAY_SSH_KEY: path })).agent).toBeUndefined();
    await expect(read(undefined, { HOME: folder })).rejects.toMatchObject({
      code: 'IDENTITY_MISSING',
      exitCode: 2,
      message: expect.stringContaining(join(folder, '.ssh/id_ed25519')) as string,
    });
  });

  it.each([
    ['a public half', keys.publicKey, /public half/],
    ['no key', 'hello', /no private key/],
  ])('is not %s, and says so without showing it', async (_what, text, said) => {
    const bad = join(folder, 'bad');
    writeFileSync(bad, text);
    const error: unknown = await read(bad).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'IDENTITY_UNUSABLE', exitCode: 2 });
    expect(String(error)).toMatch(said);
    expect(JSON.stringify(error)).not.toContain(text);
  });
});

describe.skipIf(sshdMissing ?? !client)(
  `logging in with it ${sshdMissing ?? (client ? '' : '(skipped: no OpenSSH client)')}`,
  () => {
    const locked = join(folder, 'locked');
    const socket = join(folder, 'agent.sock');
    let host: TestHost;
    let inner: TestHost;
    let remote: Remote;
    let agent = 0;
    beforeAll(async () => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', locked]);
      const said = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
      agent = Number(/SSH_AGENT_PID=(\d+)/.exec(said)![1]);
      const env = {
        ...process.env,
        SSH_AUTH_SOCK: socket,
        SSH_ASKPASS: join(folder, 'ask'),
        SSH_ASKPASS_REQUIRE: 'force',
        DISPLAY: ':0',
      };
      writeFileSync(join(folder, 'ask'), '#!/bin/sh\necho passphrase\n', { mode: 0o755 });
      // Others first: a host that is shown all of them would have closed the connection by then.
      for (let left = 7; left > 0; left--) {
        writeFileSync(join(folder, `other-${left}`), generateKeyPair('other').privateKey.reveal(), { mode: 0o600 });
        execFileSync('ssh-add', ['-q', join(folder, `other-${left}`)], { env });
      }
      execFileSync('ssh-add', ['-q', locked], { env, stdio: ['ignore', 'ignore', 'ignore'] });
      const publicKey = readFileSync(`${locked}.pub`, 'utf8');
      const identity = { publicKey: publicKey.trim(), privateKey: keys.privateKey };
      host = await startHost({ identity });
      inner = await startHost({ name: 'rack2', identity });
    });
    afterAll(async () => {
      process.kill(agent);
      await host.stop();
      await inner.stop();
    });
    afterEach(() => remote?.close());

    const target = async (at: TestHost, key: LoginKey): Promise<HostTarget> =>
      loginTarget('rack1', {
        address: '127.0.0.1',
        port: at.sshdPort,
        user: at.target.user,
        hostKeys: [at.hostKey.publicKey],
        ...key,
      });

    it('is said to be locked where no agent has it, with both ways on', async () => {
      await expect(read(locked)).rejects.toMatchObject({
        code: 'IDENTITY_UNUSABLE',
        hint: expect.stringMatching(/ssh-add.*ssh-keygen/) as string,
      });
    });

    it('is done by the agent, by that key alone of the many it has', async () => {
      const key = await read(locked, { SSH_AUTH_SOCK: socket });
      expect(key.agent).toBe(socket);
      remote = remoteWith();
      await expect(remote.connect(await target(host, key), 5_000, { signal })).resolves.toBeDefined();
    });

    it('is done by the agent where only the public half is named', async () => {
      const key = await read(`${locked}.pub`, { SSH_AUTH_SOCK: socket });
      remote = remoteWith();
      await expect(remote.connect(await target(host, key), 5_000, { signal })).resolves.toBeDefined();
      const stranger = join(folder, 'bad.pub');
      writeFileSync(stranger, keys.publicKey);
      await expect(
        remote.connect(await target(inner, await read(stranger, { SSH_AUTH_SOCK: socket })), 2_000, { signal }),
      ).rejects.toMatchObject({ code: 'SSH_LOGIN_REFUSED' });
    });

    it('works as well for a person, through a jump host, with strict checking on both', async () => {
      const key = await read(locked, { SSH_AUTH_SOCK: socket });
      const through = { ...(await target(inner, key)), jump: await target(host, key) };
      expect(await runSsh(through, [`test "$SLIPWAY_PREFIX" = ${inner.prefix} && exit 7`])).toBe(7);
      const pins = async () => [generateKeyPair('other').publicKey];
      expect(await runSsh({ ...through, pins }, ['exit 7'])).toBe(255);
      expect(await runSsh({ ...through, jump: { ...through.jump, pins } }, ['exit 7'])).toBe(255);
    });
  },
);
