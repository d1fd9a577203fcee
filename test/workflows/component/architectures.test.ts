import { describe, expect, it } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import type { Component, SelectedComponent, Selection } from '../../../src/components/index.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { checkArchitectures } from '../../../src/workflows/component/architectures.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

const provider = {
  defaults: { controlPlaneType: 'intel', workerType: 'intel', location: 'here', image: 'any' },
  catalog: () =>
    Promise.resolve({
      machineTypes: [
        { name: 'intel', architecture: 'amd64' },
        { name: 'ampere', architecture: 'arm64' },
        { name: 'any', architecture: undefined },
      ],
    }),
} as unknown as MachineProvider;

const selected = (architectures: Component['architectures'], pool?: string): Selection => ({
  on: [{ id: 'webhook', definition: { name: 'webhook', architectures }, pool } as unknown as SelectedComponent],
  off: [],
  warnings: [],
});

interface Case {
  readonly file?: Partial<ClusterFile>;
  readonly selection?: Selection;
  readonly nodes?: readonly NodeFacts[];
}

/** Warnings; throws where it is refused. */
async function check({ file = {}, selection = selected(['amd64']), nodes = [] }: Case): Promise<string[]> {
  const reporter = new RecordingReporter();
  const spec = clusterSchema.parse({ name: 'demo', provider: { name: 'x' }, ...file });
  const context = { reporter, clock: new FakeClock(), signal: new AbortController().signal };
  await checkArchitectures(context, provider, selection, spec, async () => nodes);
  return reporter.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
}

const mixed: Partial<ClusterFile> = {
  pools: [
    { name: 'web', type: 'ampere' },
    { name: 'data', type: 'intel' },
  ],
};
const node = (pool: string, arch: string): NodeFacts =>
  ({ labels: { 'slipway.dev/pool': pool, 'kubernetes.io/arch': arch } }) as unknown as NodeFacts;
const hosts: Partial<ClusterFile> = { pools: [{ name: 'web', type: 'any' }] };

describe('a component that does not run on every architecture', () => {
  it('goes where all machines fit', async () => {
    expect(await check({})).toEqual([]);
    expect(await check({ file: mixed, selection: selected(['amd64'], 'data') })).toEqual([]);
    expect(await check({ file: mixed, selection: selected(['amd64', 'arm64']) })).toEqual([]);
  });

  it('is refused where no machine fits: before anything is changed, with what to do', async () => {
    const all: Partial<ClusterFile> = { pools: [{ name: 'web', type: 'ampere' }] };
    await expect(check({ file: all })).rejects.toMatchObject({
      code: 'WRONG_ARCHITECTURE',
      message: 'webhook runs on amd64 alone, and all machines are arm64. Nothing was changed.',
      hint: expect.stringContaining('components.webhook: false') as string,
    });
    await expect(check({ file: mixed, selection: selected(['amd64'], 'web') })).rejects.toThrow('pool web are arm64');
  });

  it('is warned of where some machines do not fit', async () => {
    expect(await check({ file: mixed })).toEqual([
      'webhook runs on amd64 alone, and some machines are arm64: see that its pods stay away from those.',
    ]);
  });

  it('looks at servers where they carry the workloads, and at workers otherwise', async () => {
    await expect(check({ file: { controlPlane: { type: 'ampere' } } })).rejects.toThrow('all machines are arm64');
    expect(await check({ file: { controlPlane: { type: 'ampere' }, pools: [{ name: 'web' }] } })).toEqual([]);
  });

  it('knows hosts by their nodes alone: their type is a name of the user’s own', async () => {
    expect(await check({ file: hosts })).toEqual([]);
    await expect(check({ file: hosts, nodes: [node('web', 'arm64')] })).rejects.toThrow('all machines are arm64');
  });
});
