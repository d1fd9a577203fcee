import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { providers as examples } from '../../scripts/example-requests.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { ClusterFile, ClusterSpec } from '../../src/domain/spec/schema.js';
import type { ProviderFacts, RenderInput } from '../../src/components/index.js';

/** What each provider tells components. */
export const providers: Readonly<Record<'hetzner' | 'ssh' | 'linode', ProviderFacts>> = {
  ...examples,
  ssh: {
    name: 'ssh',
    required: [],
    baseline: [],
    serviceLoadBalancer: 'nodes',
    storageClass: undefined,
    values: {},
  },
};

export function clusterSpec(file: Partial<ClusterFile> = {}): ClusterSpec {
  return clusterSchema.parse({ name: 'acme', provider: { name: 'hetzner' }, ...file });
}

export function renderInput(file: Partial<ClusterFile> = {}, provider: ProviderFacts = providers.hetzner): RenderInput {
  return { cluster: { name: 'acme', id: 'a1b2c3' }, spec: clusterSpec(file), provider };
}

/** A temporary folder with these files; folders on the way are made. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-components-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}
