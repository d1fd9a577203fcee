import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Chart } from '../../../src/components/types.js';
import { SlipwayError } from '../../../src/errors/index.js';
import { chartArchives } from '../../../src/components/apply/chart-archive.js';

const definition = (name: string): string =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\n`;

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const packed = pack();
  for (const [name, text] of Object.entries(files)) packed.entry({ name }, text);
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

const files = {
  'web/Chart.yaml': 'name: web\n',
  'web/crds/b.yaml': `${definition('two')}---\n${definition('three')}`,
  [`web/crds/${'deep/'.repeat(30)}a.yml`]: definition('one'),
  'web/crds/README.md': 'not a definition',
  'web/templates/c.yaml': definition('templated'),
  'web/charts/sub/crds/d.yaml': definition('of a subchart'),
};

let server: Server;
let answers: Record<string, Buffer | string>;
const chart = (change: Partial<Chart> = {}): Chart => ({
  name: 'web',
  repository: `http://127.0.0.1:${(server.address() as AddressInfo).port}/charts/`,
  oci: undefined,
  version: '1.2.3',
  bootstrap: false,
  takeOwnership: false,
  timeout: '5m0s',
  crds: true,
  ...change,
});
const definitions = (desired: Chart) => chartArchives().definitions(desired, { signal: new AbortController().signal });
const refusal = async (desired: Chart): Promise<string> => {
  const error: unknown = await definitions(desired).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ code: 'CHART_ARCHIVE' });
  return (error as SlipwayError).message;
};

beforeEach(async () => {
  const content = await archive(files);
  const digest = createHash('sha256').update(content).digest('hex');
  answers = {
    '/charts/index.yaml': `entries: {web: [{version: v1.2.3, urls: [packed/web.tgz], digest: ${digest}}]}`,
    '/charts/packed/web.tgz': content,
  };
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => void server.close());

describe('a chart’s definitions', () => {
  it('are those of its own crds folder, whatever the length of their paths', async () => {
    const names = (await definitions(chart())).map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['one', 'three', 'two']);
  });

  it('are not taken from an archive with another checksum than announced', async () => {
    answers['/charts/packed/web.tgz'] = await archive({ 'web/crds/a.yaml': definition('planted') });
    expect(await refusal(chart())).toMatch(/checksum .* announces/);
  });

  it('are not taken on trust where no checksum is announced', async () => {
    answers['/charts/index.yaml'] = 'entries: {web: [{version: 1.2.3, urls: [packed/web.tgz]}]}';
    expect(await refusal(chart())).toContain('announces no checksum');
  });

  it('are not to be had for a version that the repository does not know', async () => {
    expect(await refusal(chart({ version: '9.9.9' }))).toContain('has no such version');
  });

  it('are not to be had while the repository does not answer', async () => {
    answers = {};
    expect(await refusal(chart())).toContain('HTTP 404');
  });

  it('are not looked for in an archive that unpacks to more than any chart has', async () => {
    const packed = await archive({ 'web/files/zeros': '0'.repeat(129 * 2 ** 20) });
    const digest = createHash('sha256').update(packed).digest('hex');
    answers['/charts/index.yaml'] = `entries: {web: [{version: v1.2.3, urls: [packed/web.tgz], digest: ${digest}}]}`;
    answers['/charts/packed/web.tgz'] = packed;
    expect(await refusal(chart())).toContain('larger than 128 MiB');
  });

  it('are not asked of registries', async () => {
    expect(await refusal(chart({ repository: undefined, oci: 'oci://registry.example/web' }))).toContain('registry');
  });
});
