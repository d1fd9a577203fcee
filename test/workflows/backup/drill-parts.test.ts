import { describe, expect, it } from 'vitest';

import { type BackupPart, partText, Secret, systemClock, systemRandom } from '../../../src/domain/index.js';
import { planParts, runParts } from '../../../src/workflows/backup/drill-parts.js';
import type { WorkflowContext } from '../../../src/workflows/context.js';
import type { BackupManifest, BackupSets } from '../../../src/workspace/backups/types.js';
import type { LastBackup } from '../../../src/workspace/types.js';
import { becomes, FakeKubelet } from '../../support/fake-kubelet.js';
import { RecordingReporter } from '../../support/recording-reporter.js';
import { testRecord } from '../../workspace/support.js';

const volumes = { to: 's3://copies/prod', claims: [{ namespace: 'shop' }], image: 'restic' };
const record = testRecord('demo');
const spec = {
  ...record.spec,
  backup: { every: '15m', keep: {}, streams: [], volumes },
} as unknown as typeof record.spec;
const manifest = {
  id: 'b2',
  cluster: { name: 'demo', id: record.id },
  volumes: ['shop/db', 'shop/files'].map((claim) => ({
    claim,
    repository: `s3:x/${claim}`,
    files: 2,
    bytes: 16,
    partial: false,
  })),
  streams: [{ name: 'ORDERS', messages: 1, bytes: 1, head: { config: {}, state: {} } }],
} as unknown as BackupManifest;
const claims: readonly BackupPart[] = manifest.volumes.map(({ claim }) => ({ kind: 'claim', name: claim }));
const orders: BackupPart = { kind: 'stream', name: 'ORDERS' };

/** Tries parts in a cluster whose pods tell this; what is noted of them, and what the drill ends with. */
async function tried(kube: FakeKubelet, parts: readonly BackupPart[], answers = true) {
  let last: LastBackup = {};
  const folder = {
    name: 'demo',
    record: () => Promise.resolve({ ...record, spec }),
    kubeconfig: () => Promise.resolve(new Secret('kubeconfig')),
    secret: () => Promise.resolve(new Secret('planted-password')),
    lastBackup: () => Promise.resolve(last),
    saveLastBackup: (now: LastBackup) => Promise.resolve(void (last = now)),
  };
  const context = {
    workspace: { cluster: () => folder },
    openApi: () => Promise.resolve({ kube: { ...kube.api, reachable: () => Promise.resolve(answers) } }),
    secretSources: {
      environment: (name: string) => (name.startsWith('SLIPWAY_VOLUMES') ? new Secret(name) : undefined),
    },
    reporter: new RecordingReporter(),
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
  } as unknown as WorkflowContext;
  const sets = {} as BackupSets;
  const planned = await planParts(context, { cluster: 'demo', spec, sets, manifest, parts });
  const error = await runParts(context, 'demo', planned, 'slipway backup drill demo').then(
    () => undefined,
    (thrown: unknown) =>
      thrown as { readonly code: string; readonly exitCode: number; readonly details: readonly string[] },
  );
  return { noted: (last.parts ?? []).map((part) => `${partText(part)}: ${part.count}`), error };
}

describe('a drill of copies', () => {
  it('notes each that came back with what came', async () => {
    const kube = new FakeKubelet(becomes('Succeeded'));
    kube.log = 'found={"files":2,"bytes":16}\n';
    expect(await tried(kube, claims)).toEqual({
      noted: ['volume of shop/db: 2', 'volume of shop/files: 2'],
      error: undefined,
    });
    expect(kube.left()).toEqual([]);
  });

  it('names what came back with less than was copied, and notes the others all the same', async () => {
    const kube = new FakeKubelet((pod, put) => {
      const isDb = JSON.stringify(pod).includes('shop/db');
      kube.log = `found={"files":${isDb ? 1 : 2},"bytes":${isDb ? 8 : 16}}\n`;
      becomes('Succeeded')(pod, put);
    });
    const { noted, error } = await tried(kube, claims);
    expect(noted).toEqual(['volume of shop/files: 2']);
    expect(error).toMatchObject({
      code: 'DRILL_PARTIAL',
      exitCode: 4,
      details: ['volume of shop/db: 1 of 2 files came back, with 8 bytes of 16'],
    });
  });

  it('names streams where the cluster has no NATS, and everything where it does not answer', async () => {
    const kube = new FakeKubelet(becomes('Succeeded'));
    expect((await tried(kube, [orders])).error).toMatchObject({
      details: ['stream ORDERS: The cluster has no NATS, whose program could try them'],
    });
    const silent = await tried(kube, [...claims, orders], false);
    expect(silent.noted).toEqual([]);
    expect(silent.error!.details).toHaveLength(3);
    expect(silent.error!.details[0]).toContain('does not answer');
  });
});
