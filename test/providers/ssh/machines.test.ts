import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { diffMachines } from '../../../src/domain/index.js';
import type { HostSpec } from '../../../src/domain/spec/hosts.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { generateKeyPair } from '../../../src/remote/index.js';
import { sshdMissing, startHost, type TestHost } from '../../support/sshd.js';
import { cluster, entry, machine, options, request, Runs } from './support.js';

const made = new Map();

describe.skipIf(sshdMissing !== undefined)(`hosts as machines${sshdMissing ? ` (${sshdMissing})` : ''}`, () => {
  let hosts: TestHost[];
  let listed: HostSpec[];
  let runs: Runs;
  const create = (by: MachineProvider, desired = machine('cp')) => by.machines.create(desired, '', made, options);
  const list = (by: MachineProvider) => by.machines.list(cluster, options);

  beforeEach(async () => {
    const first = await startHost({ name: 'rack1' });
    const others = [await startHost({ name: 'rack2', identity: first.identity })];
    hosts = [first, ...others];
    listed = hosts.map((one) => entry(one.name, one));
    runs = await Runs.with(first.identity);
  });
  afterEach(async () => {
    await runs.close();
    await Promise.all(hosts.map((one) => one.stop()));
  });

  it('are none at first', async () => {
    expect(await list(runs.open(listed))).toEqual([]);
    expect(await runs.open(listed).clusters(options)).toEqual([]);
  });

  it('are taken in the order of the file, found by any later run, and released as they were found', async () => {
    const by = runs.open(listed);
    const desired = [machine('cp'), machine('web')];
    await list(by);
    expect(Object.fromEntries(await by.machines.previewCreate(cluster, desired, options))).toEqual({
      'demo-cp-1-g1': `take rack1 (127.0.0.1:${listed[0]!.port})`,
      'demo-web-1-g1': `take rack2 (127.0.0.1:${listed[1]!.port})`,
    });
    expect(await hosts[0]!.read('etc/slipway/claim')).toBeUndefined();
    const created = await Promise.all(desired.map((one) => create(by, one)));
    expect(created).toMatchObject([
      { name: 'demo-cp-1-g1', pool: 'cp', role: 'control-plane', slot: 1, generation: 1, status: 'running' },
      { name: 'demo-web-1-g1', pool: 'web', role: 'worker', slot: 1, generation: 1, status: 'running' },
    ]);
    expect(await hosts[0]!.read('etc/slipway/claim')).toContain('machine=demo-cp-1-g1\n');

    // Even where nothing is remembered, the hosts tell.
    const later = runs.open(listed, { stateFolder: `${runs.stateFolder}/lost` });
    expect((await list(later)).map(({ name, id }) => [name, id])).toEqual(created.map(({ name, id }) => [name, id]));
    expect(await later.clusters(options)).toEqual([{ ...cluster, machines: 2, distribution: 'k3s' }]);

    for (const one of created) await later.machines.delete(one, options);
    for (const one of created) await runs.open(listed).machines.delete(one, options);
    for (const one of hosts) expect(await one.read('etc/slipway/claim')).toBeUndefined();
    expect(await list(runs.open(listed))).toEqual([]);
  });

  it('asked for again, by another run and by two at once, are the same', async () => {
    const first = await create(runs.open(listed));
    expect((await create(runs.open(listed))).id).toBe(first.id);
    const both = await Promise.all([1, 2].map(() => create(runs.open(listed), machine('web'))));
    expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    expect((await list(runs.open(listed))).map(({ name }) => name).sort()).toEqual(['demo-cp-1-g1', 'demo-web-1-g1']);
  });

  it('of another cluster are left alone, and named', async () => {
    const theirs = { name: 'other', id: 'zzzzzz' };
    const desired = machine('cp');
    const labels = { ...desired.labels, 'slipway.dev/cluster': theirs.name, 'slipway.dev/cluster-id': theirs.id };
    await create(runs.open(listed), { ...desired, name: 'other-cp-1', labels });
    const by = runs.open(listed);
    expect(await list(by)).toEqual([]);
    const [problem] = await by.preflight(request([machine('cp'), machine('web')]), options);
    expect(problem).toMatchObject({ code: 'HOST_TAKEN', kind: 'refused' });
    expect(problem?.message).toContain('belongs to the cluster other as other-cp-1');
    expect(problem?.hint).toContain('slipway cluster delete');
    expect((await create(by)).id).toContain(String(listed[1]!.port));
    await expect(create(by, machine('web'))).rejects.toMatchObject({ code: 'SOLD_OUT' });
  });

  it('that would be servers behind a jump host are refused where the API could not be reached from here', async () => {
    const { address, port, user } = hosts[0]!.target;
    const jump = { address, port, user, hostKey: hosts[0]!.hostKey.publicKey };
    const behind = [entry('rack1', hosts[0]!, { jump }), entry('rack2', hosts[1]!, { jump })];
    const desired = request([machine('cp'), machine('web')]);
    const codes = async (reachable: boolean) =>
      (await runs.open(behind, { reachable }).preflight(desired, options)).filter(
        ({ code }) => code === 'API_BEHIND_JUMP',
      );
    const refused = await codes(false);
    expect(refused).toMatchObject([{ kind: 'refused', path: 'provider.hosts[rack1]' }]);
    expect(refused[0]!.message).toContain(`SSH goes through ${address}`);
    expect(await codes(true)).toEqual([]);
  });

  it('taken by another cluster between the look and the claim: the next one is taken', async () => {
    const slow = runs.open(listed);
    await list(slow);
    await slow.machines.previewCreate(cluster, [machine('cp')], options);
    const fast = machine('cp', 1, {
      name: 'other-cp-1',
      labels: { ...machine('cp').labels, 'slipway.dev/cluster': 'other', 'slipway.dev/cluster-id': 'zzzzzz' },
    });
    await create(runs.open(listed), fast);
    expect((await create(slow)).id).toContain(String(listed[1]!.port));
  });

  it('that do not answer are of unknown state, and never released by themselves', async () => {
    const created = await create(runs.open(listed));
    hosts[0]!.closeGate();
    const by = runs.open(listed);
    expect(await list(by)).toMatchObject([{ name: created.name, status: 'unknown' }]);
    await expect(by.machines.delete(created, options)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      exitCode: 4,
      hint: expect.stringContaining('SLIPWAY_LOST_HOSTS=rack1') as unknown,
    });
    expect(await list(runs.open(listed))).toMatchObject([{ name: created.name, status: 'unknown' }]);

    await runs.open(listed, { lost: ['rack1'] }).machines.delete(created, options);
    expect(runs.said.join()).toContain('rack1');
    expect(await list(runs.open(listed))).toEqual([]);
  });

  it('that show another key than before are of unknown state, and it is said', async () => {
    await create(runs.open(listed));
    const other = generateKeyPair('other').publicKey;
    const by = runs.open([{ ...listed[0]!, hostKey: [other] }, listed[1]!]);
    expect(await list(by)).toMatchObject([{ name: 'demo-cp-1-g1', status: 'unknown' }]);
    await list(by);
    expect(runs.said.filter((text) => text.includes('shows the host key'))).toHaveLength(1);
    expect(runs.said.join()).toContain('slipway host scan');
  });

  it('taken at the same time are all remembered', async () => {
    const by = runs.open(listed);
    await Promise.all([machine('cp'), machine('web')].map((one) => create(by, one)));
    for (const one of hosts) one.closeGate();
    const machines = await list(runs.open(listed));
    expect(machines.map(({ name, host, status }) => [name, host, status])).toEqual([
      ['demo-cp-1-g1', 'rack1', 'unknown'],
      ['demo-web-1-g1', 'rack2', 'unknown'],
    ]);
    for (const one of hosts) one.openGate();
  });

  it('that left the file are still entered, as ones to be replaced', async () => {
    const created = await create(runs.open(listed));
    const by = runs.open(listed.slice(1));
    const machines = await list(by);
    expect(machines).toMatchObject([{ name: created.name, status: 'running', markedForRemoval: true }]);
    const kubernetes = { distribution: 'k3s' };
    const spec = { provider: { name: 'ssh' }, kubernetes, controlPlane: { count: 1 }, pools: [] } as unknown;
    const { missing, excess } = diffMachines(
      cluster,
      spec as Parameters<typeof diffMachines>[1],
      by.defaults,
      machines,
    );
    expect(excess.map(({ name }) => name)).toEqual([created.name]);
    expect(missing).toMatchObject([{ pool: 'cp', slot: 1, generation: 2 }]);
    const next = await by.machines.create(missing[0]!, '', made, options);
    expect(next.id).toContain(String(listed[1]!.port));
    await by.machines.delete(created, options);
    expect(await hosts[0]!.read('etc/slipway/claim')).toBeUndefined();
    expect((await list(runs.open(listed.slice(1)))).map(({ name }) => name)).toEqual([next.name]);
  });

  describe('whose endpoint is another in the file now', () => {
    /** The jump through which the second way to a host leads. */
    const through = ({ target, hostKey }: TestHost) => {
      const { address, port, user } = target;
      return { jump: { address, port, user, hostKey: hostKey.publicKey } };
    };
    const problems = async (by: MachineProvider, desired = [machine('cp')]) =>
      (await by.preflight(request(desired), options)).filter(({ code }) => /^SSH_|_TWICE$/.test(code));

    it.each(['rack1', 'renamed'])(
      'are the same machine, and nothing is left of the old endpoint (%s)',
      async (name) => {
        const created = await create(runs.open(listed));
        const moved = [entry(name, hosts[0]!, through(hosts[1]!)), listed[1]!];
        for (let run = 1; run <= 2; run++) {
          const by = runs.open(moved);
          const machines = await list(by);
          expect(machines.map(({ host, ...one }) => [one.name, host, one.status, one.markedForRemoval])).toEqual([
            [created.name, name, 'running', false],
          ]);
          expect(machines[0]!.id).not.toBe(created.id);
          expect(machines[0]!.login?.jump).toBeDefined();
          expect(await problems(by)).toEqual([]);
          expect(await by.clusters(options)).toEqual([{ ...cluster, machines: 1, distribution: 'k3s' }]);
        }
        const by = runs.open(moved);
        await by.machines.delete((await list(by))[0]!, options);
        expect(await hosts[0]!.read('etc/slipway/claim')).toBeUndefined();
        expect(await list(runs.open(moved))).toEqual([]);
      },
    );

    it('are the same machine, too, where nothing answers at the old one any more', async () => {
      const created = await create(runs.open(listed));
      const moved = [{ ...listed[0]!, port: hosts[0]!.sshdPort }, listed[1]!];
      hosts[0]!.closeGate();
      const by = runs.open(moved);
      expect(await list(by)).toMatchObject([
        { name: created.name, host: 'rack1', status: 'running', markedForRemoval: false },
      ]);
      expect(await problems(by)).toEqual([]);
    });

    it('as new hardware has got the name: it is taken, and the old is one to be replaced', async () => {
      const created = await create(runs.open(listed));
      const by = runs.open([entry('rack1', hosts[1]!)]);
      expect(await list(by)).toMatchObject([
        { name: created.name, id: created.id, host: 'rack1', status: 'running', markedForRemoval: true },
      ]);
      const desired = machine('cp', 1, { name: 'demo-cp-1-g2', generation: 2 });
      expect(await problems(by, [desired])).toEqual([]);
      const next = await create(by, desired);
      expect(next).toMatchObject({ id: `127.0.0.1:${listed[1]!.port}`, markedForRemoval: false });
      await by.machines.delete(created, options);
      expect(await hosts[0]!.read('etc/slipway/claim')).toBeUndefined();
      expect(await hosts[1]!.read('etc/slipway/claim')).toContain('machine=demo-cp-1-g2\n');
    });

    it('and that are two since a clone was started, are refused', async () => {
      await create(runs.open(listed));
      await hosts[1]!.write('etc/slipway/claim', (await hosts[0]!.read('etc/slipway/claim'))!);
      const cat = 'case $1 in */boot_id) echo another ;; *) exec /bin/cat "$@" ;; esac';
      await hosts[1]!.write('../bin/cat', `#!/bin/sh\n${cat}\n`, 0o755);
      await expect(list(runs.open([entry('rack1', hosts[1]!)]))).rejects.toMatchObject({ code: 'CLAIMED_TWICE' });
    });

    it('are named by their name to people', async () => {
      await create(runs.open(listed));
      const other = generateKeyPair('other').publicKey;
      const by = runs.open([entry('rack1', hosts[1]!, { hostKey: other })]);
      await list(by);
      const [problem] = (await by.preflight(request([]), options)).filter(({ code }) => code === 'HOST_KEY_MISMATCH');
      expect(problem?.message).toMatch(/^rack1 \(127\.0\.0\.1\) shows the host key/);
    });
  });

  it('that show one claim, and are two, are refused', async () => {
    await create(runs.open(listed));
    await hosts[1]!.write('etc/slipway/claim', (await hosts[0]!.read('etc/slipway/claim'))!);
    await expect(list(runs.open(listed))).rejects.toMatchObject({ code: 'CLAIMED_TWICE' });
  });

  it('are left as they are by a run that was killed while it released one; the next one finishes', async () => {
    const created = await create(runs.open(listed));
    await hosts[0]!.write('etc/systemd/system/k3s.service', '[Unit]\n');
    await hosts[0]!.write('usr/local/bin/k3s', '#!/bin/sh\n', 0o755);
    await hosts[0]!.write('etc/rancher/k3s/config.yaml', 'token: x\n', 0o600);
    hosts[0]!.closeGate();
    const ending = new AbortController();
    const killed = runs.open(listed).machines.delete(created, { signal: ending.signal });
    ending.abort(new Error('killed'));
    await expect(killed).rejects.toThrow('killed');
    hosts[0]!.openGate();
    await runs.open(listed).machines.delete(created, options);
    for (const path of ['etc/systemd/system/k3s.service', 'usr/local/bin/k3s', 'etc/rancher/k3s/config.yaml'])
      expect(await hosts[0]!.read(path), path).toBeUndefined();
  });
});
