import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { cli, folder, machines, failureOf, adopt, worksAgain, stepIds, file } from '../support/adopted-cluster.js';

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
});
