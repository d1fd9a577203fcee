import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { behind, type Fetch, pinLines, pinOf } from '../../scripts/chart-versions.js';
import { readCatalogue } from '../../src/components/index.js';
import type { Chart } from '../../src/components/types.js';

let server: Server;
let address: string;
let answers: Record<string, (to: ServerResponse, authorization: string | undefined) => void>;

beforeEach(async () => {
  answers = {};
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer) answer(response, request.headers.authorization);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((done) => server.close(done)));

const chart = (more: Partial<Chart>): Chart => ({
  name: 'web',
  version: '1.2.3',
  bootstrap: false,
  takeOwnership: false,
  timeout: '5m',
  crds: false,
  changelog: 'https://example.com/changes',
  ...more,
});

/** Requests to the registry reach the server of the test. */
const redirected: Fetch = (url, init) => fetch(url.replace('https://registry.example.com', address), init);

describe('a pinned chart', () => {
  it('is compared with the index of its repository, and its changelog is named', async () => {
    answers['/charts/index.yaml'] = (to) =>
      to.end('entries: {web: [{version: 1.2.3}, {version: 1.2.10}, {version: 2.0.0}, {version: 3.0.0-rc.1}]}');
    expect(pinLines([await pinOf('web', chart({ repository: `${address}/charts/` }))])).toEqual([
      'web  1.2.3 → 1.2.10, 2.0.0  https://example.com/changes',
    ]);
  });

  it('is compared with all pages of tags of a registry that gives a token to everybody', async () => {
    const asked: (string | undefined)[] = [];
    answers['/v2/charts/web/tags/list?n=1000'] = (to, authorization) => {
      asked.push(authorization);
      if (authorization === undefined)
        to.writeHead(401, {
          'www-authenticate':
            'Bearer realm="https://registry.example.com/token",service="registry",scope="repository:charts/web:pull"',
        }).end();
      else
        to.writeHead(200, { link: '</v2/charts/web/tags/list?n=1000&last=a>; rel="next"' }).end(
          '{"tags": ["1.2.3", "latest"]}',
        );
    };
    answers['/token?service=registry&scope=repository%3Acharts%2Fweb%3Apull'] = (to) =>
      to.end('{"token": "anonymous"}');
    answers['/v2/charts/web/tags/list?n=1000&last=a'] = (to) => to.end('{"tags": ["1.2.4"]}');
    const pin = await pinOf('web', chart({ oci: 'oci://registry.example.com/charts/web' }), redirected);
    expect(pin).toMatchObject({ patch: '1.2.4', newest: '1.2.4' });
    expect(asked).toEqual([undefined, 'Bearer anonymous']);
  });

  it.each([
    ['is not there', '/other', /answers 404/],
    ['does not have it', '/charts', /has no chart web/],
  ])('is told as not read when its repository %s', async (_what, path, problem) => {
    answers['/charts/index.yaml'] = (to) => to.end('entries: {}');
    const pin = await pinOf('web', chart({ repository: `${address}${path}` }));
    expect(pin.problem).toMatch(problem);
    expect(pinLines([pin])[0]).toMatch(/^web {2}1\.2\.3: could not be read: /);
  });

  it.each<[string, string[], string | undefined, string | undefined]>([
    ['1.2.3', ['1.2.2', '1.2.3'], undefined, undefined],
    ['v1.2.3', ['v1.2.4', 'v1.3.0'], 'v1.2.4', 'v1.3.0'],
    ['1.2.3', ['1.2.4-rc.1', 'main', '1.3'], undefined, undefined],
    ['1.2.3-rc.1', ['1.2.3-rc.2'], '1.2.3-rc.2', '1.2.3-rc.2'],
    ['1.2.3', ['1.2.9', '1.2.10'], '1.2.10', '1.2.10'],
  ])('at %s is behind %j by patch %s and newest %s', (pinned, versions, patch, newest) => {
    expect(behind(pinned, versions)).toEqual({ patch, newest });
  });

  it('names where its changes are told, in each of Slipway’s own components', async () => {
    const { components } = await readCatalogue();
    const charts = [...components.values()].flatMap((one) => (one.chart ? [one.chart] : []));
    expect(charts.filter(({ changelog }) => changelog === undefined)).toEqual([]);
  });
});
