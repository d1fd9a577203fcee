import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { madeByKeys } from '../../src/domain/labels.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const path = join(cli.home, 'cluster.yaml');
const signal = new AbortController().signal;
const old = 'v1.35.0+k3s1';
const next = 'v1.36.5+k3s1';

/** Writes the cluster file: one server and workers `web`. */
function file({ version = old, type = 'cax21', image = 'ubuntu-26.04', location = 'fsn1', workers = 1 } = {}): void {
  const spec = {
    name: 'demo',
    provider: { name: 'sandbox', locations: [location] },
    kubernetes: { version },
    pools: [{ name: 'web', type, count: workers }],
    image,
  };
  writeFileSync(path, stringify(spec));
}

const slipway = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => cli.run(args);
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const run = await slipway(...args, '--json');
  expect(run, run.err).toMatchObject({ code: 0 });
  return JSON.parse(run.out) as Record<string, unknown>;
};
/** Slot, reason and need of each machine that is told to be outdated. */
const told = (answer: Record<string, unknown>): unknown =>
  (answer['outdated'] as { slot: string; needs: string[]; reasons: { reason: string }[] }[]).map(
    ({ slot, needs, reasons }) => [slot, ...reasons.map(({ reason }) => reason), ...needs],
  );
const versions = async (): Promise<Record<string, string | undefined>> => {
  const { machines } = (await json('cluster', 'status', 'demo')) as {
    machines: { pool: string; name: string; node?: { version: string } }[];
  };
  return Object.fromEntries(machines.map(({ name, node }) => [name.split('-').slice(1, 3).join('-'), node?.version]));
};

beforeAll(async () => {
  file();
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
});
afterAll(() => cli.close());

describe('a node that was configured by other settings', () => {
  const nodes = async () => {
    const kubeconfig = new Secret((await slipway('cluster', 'kubeconfig', 'demo')).out);
    return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  };

  it('is told by the hash that is kept at it, and not where none is kept at all', async () => {
    file();
    const kube = await nodes();
    try {
      const all = await kube.nodes({ signal });
      for (const { annotations } of all) {
        expect(annotations[madeByKeys.config]).toMatch(/^[0-9a-f]{16}$/);
        expect(annotations[madeByKeys.template]).toMatch(/^[0-9a-f]{16}$/);
      }
      const web = all.find(({ name }) => name.startsWith('demo-web-1'))!;
      const [server] = (await cli.cloud<{ name: string; labels: Record<string, string> }>('servers')).filter(
        ({ name }) => name === web.name,
      );
      expect(server?.labels).toMatchObject({ [madeByKeys.config]: web.annotations[madeByKeys.config] });
      const mark = (config: string | null) =>
        kube.patchNode(web.name, { annotations: { [madeByKeys.config]: config } }, { signal });
      expect(told(await json('cluster', 'plan', '-f', path))).toEqual([]);
      await mark('0123456789abcdef');
      // A plan has steps for other settings, for which the nodes themselves are looked at.
      expect(told(await json('cluster', 'plan', '-f', path))).toEqual([]);
      expect(told(await json('cluster', 'status', 'demo'))).toEqual([['web-1', 'config', 'cluster apply']]);
      expect((await slipway('cluster', 'status', 'demo')).out).toMatch(
        /web-1 +configuration 0123456789abcdef → [0-9a-f]{16}: needs cluster apply/,
      );
      await kube.patchNode(web.name, { labels: { 'slipway.dev/pool': 'other' } }, { signal });
      expect(told(await json('cluster', 'status', 'demo'))).toEqual([['web-1', 'config', 'labels', 'cluster apply']]);
      await mark(null);
      expect(told(await json('cluster', 'apply', '-f', path, '--yes'))).toEqual([]);
      expect(told(await json('cluster', 'plan', '-f', path))).toEqual([]);
    } finally {
      kube.close();
    }
  });
});

describe('a file that was changed and not applied yet', () => {
  it('is what status compares with, as plan does; what was applied last counts for a file of another cluster', async () => {
    file({ version: next, workers: 2 });
    const status = await json('cluster', 'status', 'demo');
    const plan = await json('cluster', 'plan', '-f', path);
    // A plan has steps for another release, for which the nodes themselves are looked at.
    expect(told(plan)).toEqual([]);
    expect(told(status)).toEqual(['cp-1', 'web-1'].map((slot) => [slot, 'version', 'cluster upgrade']));
    const differs = status['differs'] as unknown[];
    expect(differs).toEqual((plan['steps'] as unknown[]).slice(0, differs.length));
    expect(status).toMatchObject({ kubernetesVersion: old, desiredVersion: next });

    writeFileSync(path, stringify({ name: 'demo', provider: { name: 'sandbox' }, network: { range: '10.8.0.0/16' } }));
    expect(await json('cluster', 'status', 'demo')).toMatchObject({
      differs: [],
      outdated: [],
      remarks: [expect.stringContaining('network.range: the cluster has 10.0.0.0/16, this asks for 10.8.0.0/16.')],
    });
  });
});

describe('a file that asks for a newer release than the nodes run', () => {
  it('is a step of the plan for each node, and exit code 5', async () => {
    file({ version: next });
    const plan = await slipway('cluster', 'plan', '-f', path, '--detailed-exitcode');
    expect(plan.code).toBe(5);
    expect(plan.out).toMatch(/~ cp-1 +drain it, and bring it from v1\.35\.0\+k3s1 to v1\.36\.5\+k3s1/);
    expect(plan.out).toMatch(/~ web-1 +bring it from v1\.35\.0\+k3s1 to v1\.36\.5\+k3s1; its pods run on/);
    expect(plan.out).not.toContain('Not changed by apply');
    expect((await slipway('cluster', 'plan', '-f', path)).code).toBe(0);
  });

  it('is left by create, which succeeds, changes nothing and says what it left', async () => {
    const applied = await slipway('cluster', 'create', '-f', path, '--yes');
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(applied.out).toContain('Not changed by apply');
    expect(applied.out).toMatch(/web-1 +Kubernetes .*: needs cluster upgrade/);
    expect(await json('cluster', 'create', '-f', path, '--yes')).toMatchObject({ kubernetesVersion: old, changed: 0 });
  });

  it('is told the same by create, status and list, which show the release that the nodes run', async () => {
    const lines = [
      ['cp-1', 'version', 'cluster upgrade'],
      ['web-1', 'version', 'cluster upgrade'],
    ];
    expect(told(await json('cluster', 'create', '-f', path, '--yes'))).toEqual(lines);
    const status = await json('cluster', 'status', 'demo');
    expect(told(status)).toEqual(lines);
    const both = { kubernetesVersion: old, desiredVersion: next };
    expect(status).toMatchObject(both);
    expect(await json('cluster', 'list')).toMatchObject({ clusters: [{ name: 'demo', ...both }] });
    for (const command of [['plan'], ['create', '--yes']])
      expect(await json('cluster', command[0]!, '-f', path, ...command.slice(1))).toMatchObject(both);
    const shown = (await slipway('cluster', 'status', 'demo')).out;
    expect(shown.split('\n')[0]).toContain(`  ${old} (${next} asked for)  `);
    expect(shown).toMatch(
      /Differs from the file \(slipway cluster apply demo\):\n {2}cp-1 +Kubernetes .*: needs cluster upgrade/,
    );
    expect(shown).not.toContain('apply does not change it');
    expect((await slipway('cluster', 'list')).out).toContain(`${old} (${next} asked for)`);
  });

  it('is told by list for each node, with the command that looked last', async () => {
    const lines = [
      ['cp-1', 'version', 'cluster upgrade'],
      ['web-1', 'version', 'cluster upgrade'],
    ];
    for (const [by, ...rest] of [
      ['plan', '-f', path],
      ['create', '-f', path, '--yes'],
      ['status', 'demo'],
    ] as const) {
      const started = Date.now();
      const looked = await json('cluster', by, ...rest);
      const { clusters } = (await json('cluster', 'list')) as { clusters: { lastLook: Record<string, unknown> }[] };
      const { lastLook } = clusters[0]!;
      expect(lastLook).toMatchObject({ by: `cluster ${by}`, steps: 0 });
      if (by !== 'plan') expect(lastLook['outdated']).toEqual(looked['outdated']);
      expect(Date.parse(String(lastLook['at']))).toBeGreaterThanOrEqual(started);
      expect(told(lastLook)).toEqual(lines);
    }
    const { out } = await slipway('cluster', 'list');
    expect(out).toMatch(/demo differed from its file at \d{4}-\d\d-\d\d \d\d:\d\d UTC, says the last cluster status:/);
    expect(out).toMatch(/ {2}web-1 +Kubernetes v1\.35\.0\+k3s1 → v1\.36\.5\+k3s1: needs cluster upgrade/);
  });

  it('does the rest of the file: a worker that joins gets the release of the servers', async () => {
    file({ version: next, workers: 2 });
    const plan = await slipway('cluster', 'plan', '-f', path);
    expect(plan.out).toContain(`install k3s ${old}, as the servers run it`);
    const applied = await json('cluster', 'create', '-f', path, '--yes');
    expect(applied).toMatchObject({ kubernetesVersion: old });
    expect(told(applied)).toEqual(['cp-1', 'web-1', 'web-2'].map((slot) => [slot, 'version', 'cluster upgrade']));
    expect(await versions()).toEqual({ 'cp-1': old, 'web-1': old, 'web-2': old });
    file({ workers: 2 });
    expect((await slipway('cluster', 'plan', '-f', path, '--detailed-exitcode')).code).toBe(0);
  });
});

describe('a file that asks for other machines than there are', () => {
  it('is told for type, image and location; the only server and the workers are replaced', async () => {
    file({ workers: 2, type: 'cax41', image: 'debian-13', location: 'nbg1' });
    const plan = await slipway('cluster', 'plan', '-f', path, '--detailed-exitcode');
    expect(plan.code).toBe(5);
    expect(plan.out).toMatch(/- cp-1 +create \w+ in nbg1, join it; drain demo-cp-1-\w+ and delete it/);
    expect(plan.out).toMatch(/- web-2 +create cax41 in nbg1, join it; drain demo-web-2-\w+ and delete it/);
    const applied = await json('cluster', 'apply', '-f', path, '--yes');
    expect(told(applied)).toEqual([]);
    expect(told(await json('cluster', 'status', 'demo'))).toEqual([]);
  });

  it('makes the machines that are missing of the new kind; commands for a pool leave the others', async () => {
    file({ workers: 2, type: 'cax21' });
    const scaled = await json('pool', 'scale', 'demo', 'web', '--count', '3', '--yes');
    expect(told(scaled)).toEqual([
      ['cp-1', 'image', 'location', 'cluster recycle'],
      ...['web-1', 'web-2'].map((slot) => [slot, 'type', 'image', 'location', 'cluster recycle']),
    ]);
    file({ workers: 3, type: 'cax21' });
    expect(told(await json('cluster', 'apply', '-f', path, '--yes'))).toEqual([]);
  });
});

describe('the price', () => {
  interface Parts {
    readonly machines: number;
    readonly loadBalancers: number;
    readonly addresses: number;
    readonly total: number;
  }
  interface Monthly {
    readonly amount: number;
    readonly now: Parts;
    readonly then: Parts;
    readonly difference: number;
  }
  const monthly = async (): Promise<Monthly> => (await json('cluster', 'plan', '-f', path))['monthly'] as Monthly;

  it('counts machines as what they are until they are replaced, and IPv4 addresses', async () => {
    file({ workers: 3 });
    const same = await monthly();
    expect(same.now.addresses).toBeGreaterThan(0);
    expect(same.then).toEqual(same.now);
    const standing = same.now.total;
    file({ workers: 3, type: 'cx53' });
    expect((await monthly()).now.total).toBe(standing);
  });

  it('tells of the difference that new machines make', async () => {
    file({ workers: 4 });
    const { now, then, difference, amount } = await monthly();
    expect(then.machines).toBeGreaterThan(now.machines);
    expect(then.addresses).toBeGreaterThan(now.addresses);
    expect(difference).toBeCloseTo(then.total - now.total, 2);
    expect(difference).toBeGreaterThan(0);
    expect(amount).toBe(then.total);
    const plan = await slipway('cluster', 'plan', '-f', path);
    expect(plan.out).toContain(
      `about ${then.total.toFixed(2)} EUR a month, net (now ${now.total.toFixed(2)}, +${difference.toFixed(2)})`,
    );
    const three = await slipway('cluster', 'plan', 'other', '--provider', 'sandbox', '--control-planes', '3', '--json');
    expect(three, three.err).toMatchObject({ code: 0 });
    const other = (JSON.parse(three.out) as { monthly: Monthly }).monthly;
    expect(other.now.total).toBe(0);
    expect(other.then.loadBalancers).toBeGreaterThan(0);
  });
});

describe('a file that asks for an older release than the nodes run', () => {
  it('is refused before anything is changed, with the release to write', async () => {
    file({ version: 'v1.34.1+k3s1', workers: 4 });
    const before = (await cli.cloud('servers')).length;
    for (const command of ['plan', 'apply']) {
      const refused = await slipway('cluster', command, '-f', path, ...(command === 'apply' ? ['--yes'] : []));
      expect(refused.code).toBe(3);
      expect(refused.err).toContain('does not go back to an older release');
      expect(refused.err).toContain(`Set kubernetes.version to ${old} or newer.`);
    }
    const { remarks } = await json('cluster', 'status', 'demo');
    expect((remarks as string[]).join('\n')).toMatch(
      /does not go back to an older release.*Set kubernetes\.version to/,
    );
    expect(await cli.cloud('servers')).toHaveLength(before);
  });
});

describe('a file that asks for a release two minors ahead, with no way to ask which lie between', () => {
  const alone = { SLIPWAY_K3S_CHANNELS: 'http://127.0.0.1:1/' };

  it('is planned but for the upgrade, and applied but for it, with what to do', async () => {
    file({ version: 'v1.37.1+k3s1', workers: 4 });
    const plan = await cli.run(['cluster', 'plan', '-f', path, '--detailed-exitcode'], alone);
    expect(plan.code).toBe(5);
    expect(plan.out).toMatch(
      /cp-1 +Kubernetes v1\.35\.0\+k3s1 → v1\.37\.1\+k3s1 by way of v1\.36: needs cluster upgrade/,
    );
    expect(plan.out).toContain('The upgrade to v1.37.1+k3s1 would be refused now: http://127.0.0.1:1/');
    const applied = await cli.run(['cluster', 'apply', '-f', path, '--yes'], alone);
    expect(applied.code, applied.err).toBe(4);
    expect(applied.err).toContain('--to v1.MINOR.PATCH+k3s1');
    // Nothing is left but the upgrade: it changes nothing.
    expect((await cli.run(['cluster', 'apply', '-f', path, '--yes'], alone)).code).toBe(2);
    const all = await versions();
    expect(all['web-4']).toBe(old);
    expect(await json('cluster', 'status', 'demo')).toMatchObject({ desiredVersion: 'v1.37.1+k3s1', unfit: [] });
  });
});

describe('a file that leaves out another part of k3s, and asks for three servers', () => {
  it('gets servers with the settings of the running one, which all of them are brought from one after the other', async () => {
    const spec = { name: 'demo', provider: { name: 'sandbox', locations: ['fsn1'] }, controlPlane: { count: 3 } };
    const kubernetes = { version: old, disable: ['metrics-server'] };
    writeFileSync(path, stringify({ ...spec, kubernetes, pools: [{ name: 'web', type: 'cax21', count: 3 }] }));
    const plan = await slipway('cluster', 'plan', '-f', path);
    expect(plan.out).toMatch(/cp-3 +join as a server, with the settings that the servers run\n/);
    expect(plan.out).toMatch(/without local-storage, .*traefik → without local-storage, metrics-server, .*traefik/);
    expect(plan.err).toContain('Servers that join before get the new settings with the others.');
    // Whoever does not apply leaves it to apply.
    const created = await slipway('cluster', 'create', '-f', path, '--yes');
    expect(created, created.err).toMatchObject({ code: 0 });
    expect(created.out).toMatch(
      /Not changed\n(?: {2}! .*\n)* {2}! cp-3 +configuration without .*: needs cluster apply/,
    );
    const same = (answer: Record<string, unknown>): unknown =>
      (told(answer) as string[][]).filter(([slot]) => slot!.startsWith('cp-'));
    expect(same(await json('cluster', 'status', 'demo'))).toEqual(
      ['cp-1', 'cp-2', 'cp-3'].map((slot) => [slot, 'config', 'cluster apply']),
    );
    expect(same(await json('cluster', 'apply', '-f', path, '--yes'))).toEqual([]);
    expect(same(await json('cluster', 'status', 'demo'))).toEqual([]);
    expect((await slipway('cluster', 'plan', '-f', path)).out).not.toContain('Change the settings');
  });
});

describe('a worker that was brought to a newer release by hand, and then lost its connection', () => {
  it('is not started beside older servers, and plan, apply, status and list say so alike', async () => {
    file({ workers: 1, type: 'cax21' });
    const trial = new Cli();
    try {
      const created = await trial.run(['cluster', 'create', '-f', path, '--yes']);
      expect(created, created.err).toMatchObject({ code: 0 });
      const worker = (await trial.cloud('servers')).find(({ name }) => name.startsWith('demo-web-1'))!.name;
      await (await trial.sandbox()).call('POST', 'machines', { act: 'cutOff', name: worker });
      const kubeconfig = new KubeConfig();
      kubeconfig.loadFromString((await trial.run(['cluster', 'kubeconfig', 'demo'])).out);
      const api = kubeconfig.makeApiClient(CoreV1Api);
      const isReady = async (): Promise<string | undefined> =>
        (await api.readNode({ name: worker })).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      await expect.poll(isReady, { timeout: 30_000 }).toBe('Unknown');
      const node = await api.readNodeStatus({ name: worker });
      node.status!.nodeInfo!.kubeletVersion = next;
      await api.replaceNodeStatus({ name: worker, body: node });

      const answer = async (...args: string[]): Promise<Record<string, unknown>> => {
        const run = await trial.run([...args, '--json']);
        expect(run, run.err).toMatchObject({ code: 0 });
        return JSON.parse(run.out) as Record<string, unknown>;
      };
      file({ version: next, workers: 1 });
      const unfit = [{ slot: 'web-1', because: expect.stringContaining(`servers that run ${old}`) as string }];
      const looked = async (by: string, { unfit, outdated }: Record<string, unknown>): Promise<void> =>
        expect(await answer('cluster', 'list')).toMatchObject({
          clusters: [{ name: 'demo', lastLook: { by, unfit, outdated } }],
        });
      const planned = await answer('cluster', 'plan', '-f', path);
      expect(planned).toMatchObject({ unfit, steps: [] });
      await looked('cluster plan', planned);
      const applied = await answer('cluster', 'apply', '-f', path, '--yes');
      expect(applied).toMatchObject({ unfit, changed: 0 });
      await looked('cluster apply', applied);
      const status = await answer('cluster', 'status', 'demo');
      expect(status).toMatchObject({ unfit, differs: [] });
      await looked('cluster status', status);
      for (const command of [['plan', '-f', path], ['apply', '-f', path, '--yes'], ['status', 'demo'], ['list']]) {
        const { out } = await trial.run(['cluster', ...command]);
        expect(out).toMatch(/web-1 +would run Kubernetes v1\.36\.5.*bring the servers to v1\.36\.5/);
      }
      // That way is open although the worker is down: with the servers at its release it can be started again.
      const upgraded = await trial.run(['cluster', 'upgrade', 'demo', '--to', next, '--yes']);
      expect(upgraded, upgraded.err).toMatchObject({ code: 0 });
      const after = await answer('cluster', 'plan', '-f', path);
      expect(after).toMatchObject({ unfit: [], kubernetesVersion: next });
      expect((after['steps'] as { id: string }[]).map(({ id }) => id)).toContain(`join:${worker}`);
    } finally {
      await trial.close();
    }
  });
});
