import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe('`cluster adopt` of a workspace that was deleted as a whole', () => {
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
