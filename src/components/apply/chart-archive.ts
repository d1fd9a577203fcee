import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { extract } from 'tar-stream';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import type { Chart } from '../types.js';
import { readBody } from '../../http/body.js';
import { IncompleteError, messageOf } from '../../errors/index.js';
import type { KubeObject, KubeOptions } from '../../kube/types.js';
import type { ChartArchives } from './tools.js';

/** Bytes of an index or an archive, and of what is unpacked from one; the largest known index has a quarter of it. */
const bytesAtMost = 128 * 2 ** 20;
/** Milliseconds for one answer of a repository. */
const patienceMs = 30_000;

const indexSchema = z.object({
  entries: z.record(
    z.string(),
    z.array(z.object({ version: z.string(), urls: z.array(z.string()).min(1), digest: z.string().optional() })),
  ),
});

type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

/** Reads charts' archives from their repositories, checked against the SHA-256 that the repository's index announces. */
export function chartArchives(send: Fetch = fetch): ChartArchives {
  return {
    definitions: async (chart, options) => {
      const archive = await archiveOf(send, chart, options);
      try {
        return await definitionsIn(archive);
      } catch (error) {
        throw unreadable(chart, messageOf(error), error);
      }
    },
  };
}

async function archiveOf(send: Fetch, chart: Chart, options: KubeOptions): Promise<Buffer> {
  const { name, version, repository } = chart;
  if (repository === undefined) throw unreadable(chart, 'it comes from a registry, which is not asked from here');
  const base = `${repository.replace(/\/$/, '')}/`;
  const index = indexSchema.safeParse(parse((await bytes(send, chart, `${base}index.yaml`, options)).toString('utf8')));
  const found = index.data?.entries[name]?.find((entry) => plain(entry.version) === plain(version));
  if (!found) throw unreadable(chart, `${repository} has no such version`);
  if (found.digest === undefined) throw unreadable(chart, `${repository} announces no checksum for it`);
  const archive = await bytes(send, chart, new URL(found.urls[0]!, base).href, options);
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== found.digest.replace(/^sha256:/, ''))
    throw unreadable(chart, `its archive has the checksum ${digest}, but ${repository} announces ${found.digest}`);
  return archive;
}

const plain = (version: string): string => version.replace(/^v/, '');

async function bytes(send: Fetch, chart: Chart, url: string, { signal }: KubeOptions): Promise<Buffer> {
  try {
    const response = await send(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await readBody(response.body, bytesAtMost);
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(chart, `${url}: ${messageOf(error)}`, error);
  }
}

/** The definitions in `NAME/crds/` of a packed chart; its subcharts see to their own. */
export async function definitionsIn(archive: Buffer): Promise<readonly KubeObject[]> {
  const files: { path: string; text: string }[] = [];
  let left = bytesAtMost;
  for await (const entry of Readable.from([archive]).pipe(createGunzip()).pipe(extract())) {
    const content = await readBody(entry as AsyncIterable<Uint8Array>, left);
    left -= content.length;
    const path = entry.header.name;
    if (/^[^/]+\/crds\/.+\.ya?ml$/.test(path)) files.push({ path, text: content.toString('utf8') });
  }
  return files
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as unknown))
    .filter(isDefinition);
}

const isDefinition = (value: unknown): value is KubeObject =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'CustomResourceDefinition';

function unreadable({ name, version }: Chart, why: string, cause?: unknown): IncompleteError {
  return new IncompleteError(`The chart ${name} ${version} could not be read: ${why}.`, {
    code: 'CHART_ARCHIVE',
    hint: 'Run the same command again from where the chart’s repository can be reached.',
    cause,
  });
}
