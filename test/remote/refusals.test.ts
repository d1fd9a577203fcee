import { execFileSync, spawn } from 'node:child_process';
import { accessSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import ssh2 from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { openBoundary, Secret, systemClock, systemRandom } from '../../src/domain/index.js';
import { createRemote, generateKeyPair, loginTarget } from '../../src/remote/index.js';
import type { Remote } from '../../src/remote/types.js';
import { isRoot, sshdMissing, startHost, type TestHost, type TestHostOptions } from '../support/sshd.js';
import { signal, task } from './support.js';

interface Caught {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: readonly string[];
}

describe.skipIf(sshdMissing)(`a real sshd that lets nobody run anything ${sshdMissing ?? ''}`, () => {
  let host: TestHost | undefined;
  let remote: Remote | undefined;
  afterEach(async () => {
    await remote?.close();
    await host?.stop();
    host = remote = undefined;
  });

  const caught = async (work: Promise<unknown>): Promise<Caught> =>
    (await work.then(
      () => expect.unreachable('nothing was refused'),
      (error: unknown) => error,
    )) as Caught;

  /** What a task on a host of its owner's comes to; its time is far longer than the test's. */
  async function refusal(options: TestHostOptions, change: { identity?: TestHost['identity'] } = {}): Promise<Caught> {
    host = await startHost(options);
    remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
    const target = loginTarget('rack1', {
      address: '127.0.0.1',
      port: host.sshdPort,
      user: host.target.user,
      identity: (change.identity ?? host.identity).privateKey,
      hostKeys: [host.hostKey.publicKey],
    });
    const run = async () => {
      const session = await remote!.connect(target, 60_000, { signal });
      return session.run(task('read-claim', {}, 600_000), { signal });
    };
    return caught(run());
  }

  it('a forced command that ends with 142 is no lost connection: its words are shown at once, with the user to take', async () => {
    const error = await refusal({
      sshdConfig: `ForceCommand echo 'Please login as the user "ubuntu" rather than the user "root".'; echo; exit 142`,
    });
    expect(error.code).toBe('SSH_COMMAND_REFUSED');
    expect(error.message).toMatch(
      /lets \S+ in, but the session ends with code 142 .*: Please login as the user "ubuntu"/,
    );
    expect(error.hint).toContain('Log in as ubuntu');
  });

  it.each([
    ['without a word, with 255', 'exit 255', /ends with code 255 before it runs anything\.$/],
    ['by a signal, each time', 'kill -9 $$', /the session .* before it runs anything\.$|refuses to run a command\.$/],
    [
      'well, as of an account that is for tunnels only',
      'echo This account has tunnels only',
      /code 0 .*: This account has/,
    ],
    ['with half a line', 'printf "not today"; exit 200', /code 200 .*: not today\.$/],
  ])('a session that ends %s is told after the second try at the latest', async (_how, command, message) => {
    const error = await refusal({ sshdConfig: `ForceCommand ${command}` });
    expect(error).toMatchObject({ code: 'SSH_COMMAND_REFUSED', exitCode: 4 });
    expect(error.message).toMatch(message);
  });

  it('a server that takes passwords only is told as such', async () => {
    const error = await refusal({ sshdConfig: 'PubkeyAuthentication no\nPasswordAuthentication yes' });
    expect(error.code).toBe('SSH_LOGIN_REFUSED');
    expect(error.message).toMatch(/takes no keys for \S+, only password\.$/);
    expect(error.hint).toContain('PubkeyAuthentication yes');
  });

  it('a server that wants a second factor after the key is told as such', async () => {
    const error = await refusal({
      sshdConfig: 'PasswordAuthentication yes\nAuthenticationMethods publickey,password',
    });
    expect(error.code).toBe('SSH_LOGIN_REFUSED');
    expect(error.message).toMatch(
      /takes the key of the cluster file for \S+, and then asks for a second factor \(password\)/,
    );
  });

  it('a second factor is told as such also where an agent holds the key', async () => {
    host = await startHost({ sshdConfig: 'PasswordAuthentication yes\nAuthenticationMethods publickey,password' });
    const { identity, prefix, sshdPort, target, hostKey } = host;
    const socket = join(prefix, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await vi.waitFor(() => accessSync(socket), 20_000);
      execFileSync('ssh-add', ['-q', '-'], {
        input: identity.privateKey.reveal(),
        env: { ...process.env, SSH_AUTH_SOCK: socket },
      });
      remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
      const login = { address: '127.0.0.1', port: sshdPort, user: target.user, hostKeys: [hostKey.publicKey] };
      const desired = loginTarget('rack1', { ...login, identity: new Secret(identity.publicKey), agent: socket });
      const error = await caught(remote.connect(desired, 60_000, { signal }));
      expect(error.message).toContain('and then asks for a second factor (password)');
    } finally {
      agent.kill();
    }
  });

  it('a user that sshd does not allow cannot be told from a key it does not know, and both are named', async () => {
    const denied = await refusal({ sshdConfig: 'DenyUsers *' });
    expect(denied.message).toMatch(/does not take the key of the cluster file/);
    expect(denied.hint).toMatch(/authorized_keys.*AllowUsers and DenyUsers/);
    await host?.stop();
    const unknown = await refusal({}, { identity: generateKeyPair('another') });
    expect(unknown.message.replaceAll(/\d+/g, '')).toBe(denied.message.replaceAll(/\d+/g, ''));
  });

  it.runIf(isRoot)('root that is not allowed in, although its key is known, is told as such', async () => {
    const error = await refusal({ sshdConfig: 'PermitRootLogin no' });
    expect(error.message).toContain('knows the key of the cluster file but does not let root in');
    expect(error.hint).toContain('PermitRootLogin');
  });

  it('what the server says to whoever logs in is shown with the refusal', async () => {
    const error = await refusal({ sshdConfig: 'DenyUsers *\nBanner /etc/hostname' });
    expect(error.details.join('\n')).toMatch(/^it said: \S/);
  });

  it.each([
    ['sudo: sorry, you must have a tty to run sudo', 'wants a terminal (requiretty)', '!requiretty'],
    ['sudo: a password is required', 'may not become root without a password', 'admin ALL=(ALL) NOPASSWD:ALL'],
    ['admin is not in the sudoers file.  This incident will be reported by sudo.', 'may not use sudo', 'NOPASSWD'],
    ['bash: line 1: sudo: command not found', 'has no sudo', 'Install sudo'],
    ['sudo: unable to open /etc/sudoers: broken', 'sudo refuses: sudo: unable to open', 'sudoers.d'],
  ])('a user that sudo refuses is told why: %s', async (words, reason, hint) => {
    const key = generateKeyPair('host');
    const server = new ssh2.Server({ hostKeys: [key.privateKey.reveal()] }, (client) => {
      client.on('authentication', (context) => context.accept());
      client.on('error', () => {});
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec();
          channel.stderr.write(`${words}\n`);
          channel.exit(1);
          channel.end();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
      const { port } = server.address() as AddressInfo;
      const login = { address: '127.0.0.1', port, user: 'admin', hostKeys: [key.publicKey] };
      const target = loginTarget('rack1', { ...login, identity: generateKeyPair('me').privateKey });
      const session = await remote.connect(target, 10_000, { signal });
      const error = await caught(session.run(task('read-claim'), { signal }));
      expect(error.message).toContain(reason);
      expect(error.hint).toContain(hint);
    } finally {
      await remote?.close();
      server.close();
    }
  });
});
