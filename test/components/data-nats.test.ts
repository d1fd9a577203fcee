import { describe, expect, it } from 'vitest';

import { bytesOf, secretNeeds } from '../../src/components/index.js';
import { at, bare, hetzner, maps, rendered, type Rendered, type Values } from './network-cluster.js';

const pools = (count: number): Values => ({ pools: count === 0 ? [] : [{ name: 'web', count }] });
const cluster = (nats: Values = {}, file: Values = pools(3), provider = hetzner) =>
  rendered({ preset: 'none', nats }, { file, provider });
const values = async (nats: Values = {}, file?: Values): Promise<Values> => (await cluster(nats, file)).values('nats');

describe('NATS', () => {
  it.each([
    ['three workers', 3, 3, true],
    ['many workers', 9, 3, true],
    ['two workers', 2, 3, false],
    ['one worker', 1, 1, false],
    ['a single machine', 0, 1, false],
    ['three servers without workers', 0, 3, true],
  ])('has three servers where there are as many nodes: %s', async (_which, workers, servers, three) => {
    const file = { ...pools(workers), controlPlane: { count: servers } };
    expect(at(await values({}, file), 'config.cluster')).toEqual(
      three ? { enabled: true, replicas: 3 } : { enabled: false },
    );
  });

  it('has as many as is said, always an odd number', async () => {
    expect(at(await values({ replicas: 5 }), 'config.cluster.replicas')).toBe(5);
    expect(at(await values({ replicas: 1 }), 'config.cluster')).toEqual({ enabled: false });
    expect((await cluster({ replicas: 2 })).problems).toHaveLength(1);
  });

  it('keeps them on different nodes, unless a pool may have too few', async () => {
    const rule = async (nats: Values, file?: Values): Promise<unknown> =>
      at(await values(nats, file), 'podTemplate.topologySpreadConstraints.kubernetes\\.io/hostname.whenUnsatisfiable');
    const platform = { pools: [{ name: 'platform', count: 3 }] };
    expect(await rule({})).toBe('DoNotSchedule');
    expect(await rule({ pool: 'platform' }, platform)).toBe('ScheduleAnyway');
    expect(await rule({ pool: 'platform', spread: 'required' }, platform)).toBe('DoNotSchedule');
    expect(at(await values({ pool: 'platform' }, platform), 'podTemplate.merge.spec')).toMatchObject({
      nodeSelector: { 'slipway.dev/pool': 'platform' },
    });
  });

  it('lets go of one server at a time', async () => {
    expect((await values())['podDisruptionBudget']).toEqual({ enabled: true });
  });

  it.each(['10Gi', '40Gi'])('writes less to a volume of %s than it holds', async (size) => {
    const store = at(await values({ storage: { size } }), 'config.jetstream.fileStore');
    expect(at(store, 'pvc')).toEqual({ size, storageClassName: 'hcloud-volumes' });
    const share = bytesOf(String(at(store, 'maxSize')))! / bytesOf(size)!;
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(0.9);
  });

  it('uses the default class of a cluster whose provider has none', async () => {
    const of = (await cluster({}, pools(3), bare)).values('nats');
    expect(at(of, 'config.jetstream.fileStore.pvc')).toEqual({ size: '10Gi' });
  });

  it('knows its clients by a password that is drawn, unless it is told to trust everybody', async () => {
    const of = await cluster();
    const mine = ({ selection }: Rendered) => secretNeeds(selection).filter(({ component }) => component === 'nats');
    const nats = of.values('nats');
    for (const [index, name, source] of [
      [0, 'nats-auth', 'AUTH_PASSWORD'],
      [1, 'nats-backup', 'AUTH_BACKUP_PASSWORD'],
    ] as const) {
      const need = mine(of)[index];
      expect(need).toMatchObject({ name, key: 'password', generate: 32 });
      const users = at(nats, 'config.merge.authorization.users') as readonly { readonly password: string }[];
      const variable = /^<< \$(\w+) >>$/.exec(users[index]!.password)?.[1] ?? '';
      expect(at(nats, `container.env.${variable}`)).toBe(`"$(${source})"`);
      expect(at(nats, `container.env.${source}`)).toEqual({
        valueFrom: { secretKeyRef: { name: need?.name, key: need?.key } },
      });
      // Kubernetes puts in only what stands before, and the chart sorts by name.
      expect(source < variable).toBe(true);
    }
    const open = await cluster({ auth: 'none' });
    expect(mine(open)).toEqual([]);
    expect(at(open.values('nats'), 'config.merge')).toBeUndefined();
  });

  it('runs every container without root, capabilities or a file system to write to', async () => {
    for (const pool of [undefined, 'web']) {
      const values = (await cluster(pool === undefined ? {} : { pool })).values('nats');
      expect(at(values, 'podTemplate.merge.spec.securityContext')).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of ['container', 'reloader', 'promExporter'])
        expect(at(values, `${container}.merge.securityContext`), container).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  it('is measured where there is somebody to measure', async () => {
    const monitored = await rendered({ preset: 'none', nats: true, monitoring: true });
    expect(at(monitored.values('nats'), 'promExporter.podMonitor.enabled')).toBe(true);
    const { before } = monitored.component('nats');
    const opened = maps(before).filter((one) => one['port'] === 7777);
    expect(opened).toHaveLength(1);
    expect(at(await values(), 'promExporter.podMonitor.enabled')).toBe(false);
  });
});
