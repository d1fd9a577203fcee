import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fingerprint, generateKeyPair, keyBlob } from '../../src/remote/keys.js';
import {
  type Adopted,
  cli,
  folder,
  machines,
  failureOf,
  adopt,
  worksAgain,
  stepIds,
  file,
} from '../support/adopted-cluster.js';

describe('`cluster adopt` restores a workspace that was deleted as a whole', () => {
  it('by the entries in the person’s own kubeconfig, with a new SSH key and host keys that the cluster vouches for', async () => {
    const keys = await cli.cloud<{ readonly name: string; readonly fingerprint: string }>('ssh_keys');
    expect(await cli.run(['cluster', 'kubeconfig', 'demo', '--merge'])).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
    const dry = await cli.run(['cluster', 'adopt', 'demo', '--provider', 'sandbox', '--dry-run']);
    expect(dry, dry.err).toMatchObject({ code: 0 });
    expect(dry.out).toContain('make a new SSH key');
    expect(existsSync(file('id_ed25519'))).toBe(false);
    const asked = await cli.run(['cluster', 'adopt', 'demo', '--provider', 'sandbox', '--json']);
    expect(asked).toMatchObject({ code: 2 });
    expect(failureOf(asked)).toMatchObject({ code: 'CONFIRMATION_NEEDED' });
    const adopted = await adopt('--provider', 'sandbox');
    for (const machine of machines) expect(stepIds(adopted)).toContain(`authorize:${machine}`);
    rmSync(join(cli.home, '.kube'), { recursive: true });
    await worksAgain();
    for (const machine of machines) {
      const login = await cli.run(['cluster', 'ssh', 'demo', machine, '--', 'hostname']);
      expect(login, login.err).toMatchObject({ code: 0, out: machine });
    }
    const now = await cli.cloud<{ readonly name: string; readonly fingerprint: string }>('ssh_keys');
    expect(now.map(({ name }) => name)).toEqual(keys.map(({ name }) => name));
    expect(now[0]!.fingerprint).not.toBe(keys[0]!.fingerprint);
    expect(readFileSync(file('record.json'), 'utf8')).toContain(`"id": "${adopted.id}"`);
  });

  it('by a kubeconfig that is given, and by the cluster file, whose name it then has', async () => {
    const spec = await cli.run(['cluster', 'status', 'demo', '--spec']);
    writeFileSync(join(cli.home, 'demo.yaml'), spec.out);
    writeFileSync(join(cli.home, 'copy.kubeconfig'), readFileSync(file('kubeconfig')));
    rmSync(folder, { recursive: true });
    const run = await cli.run(['cluster', 'adopt', '-f', 'demo.yaml', '--kubeconfig', 'copy.kubeconfig', '--yes']);
    expect(run, run.err).toMatchObject({ code: 0 });
    await worksAgain();
    expect(readFileSync(file('record.json'), 'utf8')).toContain(join(cli.home, 'demo.yaml'));
  });

  it('by a private key that the servers accept, once the fingerprint of one server was compared', async () => {
    renameSync(file('id_ed25519'), join(cli.home, 'key'));
    rmSync(folder, { recursive: true });
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--ssh-key', 'key', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 2 });
    const [, fingerprint] = /--accept-host-key (SHA256:\S+)\.$/.exec(failureOf(refused).hint)!;
    const other = `SHA256:${'A'.repeat(43)}`;
    const wrong = await cli.run(['cluster', 'adopt', 'demo', '--ssh-key', 'key', '--accept-host-key', other, '--json']);
    expect(wrong).toMatchObject({ code: 3 });
    expect(failureOf(wrong).code).toBe('NO_WAY_IN');
    expect(failureOf(wrong).details!.join('\n')).toContain(fingerprint);
    expect(existsSync(file('id_ed25519'))).toBe(false);
    await adopt('--ssh-key', 'key', '--accept-host-key', fingerprint!);
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(readFileSync(join(cli.home, 'key'), 'utf8'));
    await worksAgain();
  });

  it('is refused without a kubeconfig and a key, and says every way that is left', async () => {
    rmSync(folder, { recursive: true });
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    const { code, hint } = failureOf(refused);
    expect(code).toBe('NO_WAY_IN');
    for (const way of [
      '--kubeconfig FILE',
      '--ssh-key FILE',
      'rescue system',
      '/root/.ssh/authorized_keys',
      '--accept-host-key',
    ])
      expect(hint).toContain(way);
  });

  it('by hand, as the refusal says: a key put on the disk of one server, whose fingerprint is read there', async () => {
    const sandbox = await cli.sandbox();
    const [, server = ''] = machines.filter((name) => name.includes('-cp-'));
    rmSync(folder, { recursive: true });
    const { hint } = failureOf(await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']));
    const [, authorized = ''] = /append a public key to (\/\S+)/.exec(hint)!;
    const [, hostKey = ''] = /ssh-keygen -lf (\S+\.pub)/.exec(hint)!;
    const [, sshKey = '', accept = ''] = /give both: (--\S+) FILE (--\S+) SHA256:…$/.exec(hint)!;

    await sandbox.call('POST', 'machines', { act: 'kill', name: `^${server}$` });
    const pair = generateKeyPair('by hand');
    writeFileSync(join(cli.home, 'by-hand'), pair.privateKey.reveal(), { mode: 0o600 });
    await sandbox.call('POST', 'disk', { name: server, path: authorized, append: `${pair.publicKey}\n` });
    const { text } = await sandbox.call<{ readonly text: string }>('POST', 'disk', {
      name: server,
      path: `/${hostKey}`,
    });
    await sandbox.call('POST', 'machines', { act: 'start', name: `^${server}$` });

    const args = [sshKey, 'by-hand', accept, fingerprint(keyBlob(text)!)];
    // Until its node is Ready again it would be left out.
    const leftOut = async (): Promise<unknown> => {
      const { out } = await cli.run(['cluster', 'adopt', 'demo', ...args, '--dry-run', '--json']);
      return (JSON.parse(out) as Partial<Adopted>).leftOut;
    };
    await expect.poll(leftOut, { timeout: 60_000 }).toEqual([]);
    const adopted = await adopt(...args);
    // It is through the cluster that the key gets onto all others.
    for (const machine of machines.filter((name) => name !== server))
      expect(stepIds(adopted)).toContain(`authorize:${machine}`);
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(pair.privateKey.reveal());
    await worksAgain();
  });

  it('goes on where a killed run stopped, wherever that was', async () => {
    const points = [
      ['workspace', 'write demo/id_ed25519'],
      ['kube', 'PATCH pods/kube-system/'],
      ['kube', 'DELETE pods/kube-system/'],
      ['workspace', 'write demo/hosts/'],
      ['provider', 'POST /ssh_keys'],
      ['workspace', 'write demo/kubeconfig'],
      ['workspace', 'write demo/record.json'],
    ] as const;
    writeFileSync(join(cli.home, 'copy.kubeconfig'), readFileSync(file('kubeconfig')));
    const args = ['cluster', 'adopt', 'demo', '--kubeconfig', 'copy.kubeconfig', '--yes'];
    rmSync(folder, { recursive: true });
    let killed = 0;
    for (const [kind, what] of points) {
      for (const when of ['before', 'after']) {
        const boundary = JSON.stringify([{ kind, what, when, act: 'kill' }]);
        const run = await cli.run(args, { SLIPWAY_TEST_BOUNDARY: boundary });
        if (run.code === 137) killed += 1;
      }
    }
    expect(killed).toBeGreaterThan(5);
    const run = await cli.run(args);
    expect(run, run.err).toMatchObject({ code: 0 });
    await worksAgain();
  });
});
