import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { cli, folder, kept, machines, failureOf, adopt, worksAgain, file } from '../support/adopted-cluster.js';

describe('`cluster adopt` refuses what is not the cluster that is meant', () => {
  it('a namesake at the provider with another id than the record’s', async () => {
    const record = JSON.parse(readFileSync(file('record.json'), 'utf8')) as object;
    writeFileSync(file('record.json'), JSON.stringify({ ...record, id: 'another' }));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    expect(failureOf(refused)).toMatchObject({ code: 'OTHER_CLUSTER' });
    expect(failureOf(refused).details!.join('\n')).toContain('another');
  });

  it('a kubeconfig that leads to another cluster', async () => {
    const created = await cli.run(['cluster', 'create', 'other', '--yes']);
    expect(created, created.err).toMatchObject({ code: 0 });
    writeFileSync(join(cli.home, 'other.kubeconfig'), readFileSync(join(folder, '..', 'other', 'kubeconfig')));
    rmSync(file('kubeconfig'));
    rmSync(file('id_ed25519'));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--kubeconfig', 'other.kubeconfig', '--yes', '--json']);
    expect(refused).toMatchObject({ code: 3 });
    expect(failureOf(refused).details!.join('\n')).toContain('it leads to another cluster');
  });

  it('a name that no machine carries, with those that there are', async () => {
    const refused = await cli.run(['cluster', 'adopt', 'dmeo', '--provider', 'sandbox', '--json']);
    expect(refused).toMatchObject({ code: 2 });
    expect(failureOf(refused)).toMatchObject({
      code: 'UNKNOWN_CLUSTER',
      hint: expect.stringContaining('demo (') as string,
    });
  });
});

describe('what a cluster is made of is told by the label on its servers', () => {
  type Server = { readonly id: number; readonly name: string; readonly labels: Readonly<Record<string, string>> };
  const key = 'slipway.dev/distribution';
  const servers = async (): Promise<readonly Server[]> =>
    (await cli.cloud<Server>('servers')).filter(({ name }) => machines.includes(name));
  /** @param distribution undefined: as on servers of before there was such a label */
  async function label(distribution: string | undefined): Promise<void> {
    const { endpoint, info } = await cli.sandbox();
    for (const { id, labels } of await servers()) {
      const { [key]: _, ...others } = labels;
      const body = JSON.stringify({ labels: distribution === undefined ? others : { ...others, [key]: distribution } });
      const headers = { Authorization: `Bearer ${info.cloudToken}`, 'Content-Type': 'application/json' };
      expect((await fetch(`${endpoint}/servers/${id}`, { method: 'PUT', headers, body })).status).toBe(200);
    }
  }
  afterAll(() => label('k3s'));

  it('which `cluster create` writes, and which nothing is asked for in clusters of before', async () => {
    expect((await servers()).map(({ labels }) => labels[key])).toEqual(machines.map(() => 'k3s'));
    await label(undefined);
    expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
    await adopt('--provider', 'sandbox', '--kubeconfig', join(kept, 'kubeconfig'));
    await worksAgain();
  });

  it('so that neither `cluster adopt` nor `cluster delete` touches what this Slipway does not know', async () => {
    await label('later');
    rmSync(folder, { recursive: true });
    const at = ['--provider', 'sandbox', '--yes', '--json'];
    for (const args of [
      ['adopt', 'demo', '--kubeconfig', join(kept, 'kubeconfig'), ...at],
      ['delete', 'demo', '--confirm', 'demo', ...at],
    ]) {
      const refused = await cli.run(['cluster', ...args]);
      expect(refused, refused.out).toMatchObject({ code: 2 });
      expect(failureOf(refused)).toMatchObject({
        code: 'UNKNOWN_DISTRIBUTION',
        message: 'demo is made of later, which this Slipway does not know.',
      });
    }
    expect(await servers()).toHaveLength(machines.length);
  });
});
