import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { generateKeyPair } from '../../src/remote/keys.js';
import {
  cli,
  folder,
  machines,
  failureOf,
  adopt,
  worksAgain,
  walkTheHint,
  stepIds,
  file,
} from '../support/adopted-cluster.js';

describe('`cluster adopt` mends a workspace of which one file is lost or damaged', () => {
  it('the record is damaged: the error of every command names the way back', async () => {
    writeFileSync(file('record.json'), readFileSync(file('record.json'), 'utf8').slice(0, 100));
    const listed = await cli.run(['cluster', 'list']);
    expect(listed, listed.err).toMatchObject({ code: 0, out: expect.stringMatching(/^demo .*damaged$/m) as string });
    expect(listed.err).toMatch(/^Warning: .*record\.json is damaged.*slipway cluster adopt demo$/m);
    const variables = await cli.run(['sandbox', 'status', '--env']);
    expect(variables, variables.err).toMatchObject({ code: 0, out: expect.stringContaining('HCLOUD_TOKEN') as string });
    expect(variables.err).toBe(listed.err);
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'apply', 'demo', '--yes');
    expect(stepIds(adopted)).toEqual(['record']);
    expect(adopted.damages.join('\n')).toContain(file('record.json'));
    expect(readdirSync(folder).filter((name) => name.startsWith('record.json.'))).toHaveLength(1);
  });

  it('the record is gone: nothing at all is known of the cluster', async () => {
    rmSync(file('record.json'));
    const adopted = await walkTheHint('UNKNOWN_CLUSTER', 'cluster', 'status', 'demo');
    expect(stepIds(adopted)).toEqual(['record']);
  });

  it('the record is gone: creating the cluster again is refused', async () => {
    rmSync(file('record.json'));
    await walkTheHint('UNKNOWN_NAMESAKE', 'cluster', 'create', 'demo', '--provider', 'sandbox', '--yes');
  });

  it('the SSH key is lost', async () => {
    rmSync(file('id_ed25519'));
    await walkTheHint('SSH_KEY_LOST', 'cluster', 'apply', 'demo', '--yes');
  });

  it('the SSH key is not the one that the machines accept', async () => {
    const other = generateKeyPair('other').privateKey.reveal();
    writeFileSync(file('id_ed25519'), other, { mode: 0o600 });
    await walkTheHint('SSH_KEY_CHANGED', 'cluster', 'plan', 'demo');
    expect(readFileSync(file('id_ed25519'), 'utf8')).toBe(other);
  });

  it('the SSH key is damaged', async () => {
    writeFileSync(file('id_ed25519'), 'not a key', { mode: 0o600 });
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'ssh', 'demo', 'cp-1', '--', 'true');
    expect(adopted.damages.join('\n')).toContain(file('id_ed25519'));
  });

  it('the host keys are lost', async () => {
    rmSync(file('hosts'), { recursive: true });
    const adopted = await walkTheHint('HOST_KEY_UNKNOWN', 'cluster', 'ssh', 'demo', 'cp-1', '--', 'true');
    expect(stepIds(adopted)).not.toContain('identity');
  });

  it('the host keys of one machine are damaged', async () => {
    const [machine = ''] = machines;
    writeFileSync(file(`hosts/${machine}.json`), '{');
    const adopted = await walkTheHint('WORKSPACE_CORRUPT', 'cluster', 'ssh', 'demo', machine, '--', 'true');
    expect(stepIds(adopted)).toEqual([`authorize:${machine}`]);
  });

  it('a machine’s pinned host key is another: the cluster says which is right, and no pin is replaced unasked', async () => {
    const [machine = ''] = machines;
    const path = file(`hosts/${machine}.json`);
    const pins = [generateKeyPair('other').publicKey.split(' ').slice(0, 2).join(' ')];
    writeFileSync(path, JSON.stringify({ version: 1, pins, swapped: true }));
    const refused = await cli.run(['cluster', 'adopt', 'demo', '--yes', '--json']);
    const { code, hint } = failureOf(refused);
    expect({ code, exit: refused.code }).toEqual({ code: 'HOST_KEY_MISMATCH', exit: 3 });
    const [, named] = /remove (\S+) and run/.exec(hint)!;
    expect(named).toBe(path);
    rmSync(named!);
    expect(stepIds(await adopt())).toEqual([`authorize:${machine}`]);
    await worksAgain();
  });

  it('the kubeconfig is lost', async () => {
    rmSync(file('kubeconfig'));
    const adopted = await walkTheHint('NO_KUBECONFIG', 'cluster', 'kubeconfig', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('the kubeconfig is damaged', async () => {
    writeFileSync(file('kubeconfig'), '}{');
    const adopted = await walkTheHint('KUBECONFIG_INVALID', 'cluster', 'plan', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('the kubeconfig’s credentials are accepted no more: no command takes the cluster for silent', async () => {
    const config = parse(readFileSync(file('kubeconfig'), 'utf8')) as { users: { user: object }[] };
    for (const one of config.users) one.user = { token: 'expired' };
    writeFileSync(file('kubeconfig'), stringify(config));
    expect((await cli.run(['cluster', 'apply', 'demo', '--yes'])).err).toContain('Code: KUBE_UNAUTHORIZED');
    const mending = 'Fetch them again: slipway cluster adopt demo';
    const status = await cli.run(['cluster', 'status', 'demo']);
    expect(status, status.err).toMatchObject({ code: 0 });
    expect(status.out).toMatch(/^demo +sandbox .*Kubernetes API does not accept the credentials kept here\n/);
    expect(status.out).toMatch(/demo-cp-1-\w+ .* running +unknown/);
    expect(status.out).toContain(mending);
    expect(status.out).not.toMatch(/No changes|start the cluster|no node/);
    expect((await cli.run(['cluster', 'status', 'demo', '--exit-code'])).code).toBe(8);
    const told = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as object;
    expect(told).toMatchObject({ api: { reachable: false, refused: true }, differs: [] });
    const pools = await cli.run(['pool', 'list', 'demo']);
    expect(pools, pools.err).toMatchObject({ code: 0 });
    expect(pools.out).toMatch(/cp +3 +\?/);
    expect(pools.err).toContain(mending);
    const adopted = await walkTheHint('KUBE_UNAUTHORIZED', 'cluster', 'plan', 'demo');
    expect(stepIds(adopted)).toEqual(['kubeconfig']);
  });

  it('nothing is lost: nothing is changed', async () => {
    await worksAgain();
    expect(stepIds(await adopt())).toEqual([]);
  });
});
