import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Cli } from '../support/cli.js';

const secret = 'not-to-be-seen-anywhere';

describe('component list and component render', () => {
  let cli: Cli;
  const file = (text: string): void => writeFileSync(join(cli.home, 'cluster.yaml'), text);
  const head = 'name: acme\nprovider: {name: sandbox, residency: [DE, FI]}\npools: [{name: web, count: 3}]\n';
  const baseline = `${head}components:\n  cert-manager: {email: ops@acme.dev, domains: [acme.dev], dns: {provider: cloudflare}}\n`;
  const filesOf = (folder: string): string[] =>
    readdirSync(join(cli.home, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yaml'))
      .sort();

  beforeAll(() => {
    cli = new Cli();
  });
  afterAll(() => cli.close());

  it('lists what is on, why, and what it asks for', async () => {
    file(baseline);
    const { code, out } = await cli.run(['component', 'list', '--json']);
    expect(code).toBe(0);
    const list = JSON.parse(out) as {
      components: { name: string; on: boolean; because: string; requests?: { cpuMilli: number } }[];
      total: { cpuMilli: number };
      nodes: unknown;
    };
    const by = new Map(list.components.map((one) => [one.name, one]));
    expect(by.get('hcloud-cloud-controller-manager')).toMatchObject({ on: true, because: 'required by sandbox' });
    expect(by.get('cert-manager')).toMatchObject({
      on: true,
      because: 'named in the file',
      secrets: ['CLOUDFLARE_API_TOKEN'],
    });
    expect(by.get('traefik')).toMatchObject({ on: true, because: 'preset baseline' });
    expect(by.get('external-dns')).toMatchObject({ on: false, because: 'needs dns.provider' });
    expect(list.nodes).toEqual({ servers: 1, workers: 3 });
    expect((await cli.run(['component', 'list'])).out).toContain('On 1 server and 3 workers they ask for');
    const on = list.components.filter((one) => one.on);
    expect(list.total.cpuMilli).toBe(on.reduce((sum, one) => sum + one.requests!.cpuMilli, 0));
  });

  it('lists every problem of the file, and exits with 2', async () => {
    file(`${head}components:\n  traefik: {replica: 1}\n  lokii: true\n`);
    const { code, err } = await cli.run(['component', 'list']);
    expect(code).toBe(2);
    expect(err).toContain('cluster.yaml:5:13  components.traefik.replica: unknown key; did you mean replicas?');
    expect(err).toContain('cluster.yaml:6:3  components.lokii: there is no such component; did you mean loki?');
  });

  it('renders the same files each time, without secrets, and without a README', async () => {
    file(baseline);
    const env = { CLOUDFLARE_API_TOKEN: secret };
    const first = await cli.run(['component', 'render', '--out', 'first', '--json'], env);
    expect(first.code).toBe(0);
    await cli.run(['component', 'render', '--out', 'second'], env);
    const files = filesOf('first');
    expect(filesOf('second')).toEqual(files);
    expect(files).toContain('charts/traefik/helmchart-traefik.yaml');
    for (const path of files) {
      const text = readFileSync(join(cli.home, 'first', path), 'utf8');
      expect(readFileSync(join(cli.home, 'second', path), 'utf8')).toBe(text);
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(/20\d\d-\d\d-\d\dT\d\d:/);
      const object = parse(text) as { kind: string } | null;
      expect(object?.kind).not.toBe('Secret');
    }
    expect(first.out + first.err).not.toContain(secret);
  });

  it('takes away what is no longer rendered, and nothing else', async () => {
    mkdirSync(join(cli.home, 'first', 'charts', 'mine'), { recursive: true });
    writeFileSync(join(cli.home, 'first', 'charts', 'mine', 'own.yaml'), 'kind: Own\n');
    file(`${baseline}  loki: false\n  alloy: false\n`);
    const { code, out } = await cli.run(['component', 'render', '--out', 'first']);
    expect([code, out]).toEqual([0, expect.stringContaining('old ones removed')]);
    expect(filesOf('first')).not.toContain('charts/loki/helmchart-loki.yaml');
    expect(filesOf('first')).toContain('charts/mine/own.yaml');
  });

  it('writes over nobody else’s file', async () => {
    mkdirSync(join(cli.home, 'third'));
    writeFileSync(join(cli.home, 'third', 'kustomization.yaml'), 'resources: []\n');
    const { code, err } = await cli.run(['component', 'render', '--out', 'third']);
    expect(code).toBe(3);
    expect(err).toContain('kustomization.yaml');
    expect(filesOf('third')).toEqual(['kustomization.yaml']);
  });

  it('renders one component by name, and says why it cannot', async () => {
    file(baseline);
    const { out } = await cli.run(['component', 'render', '-f', 'cluster.yaml', 'traefik', '--json']);
    expect((JSON.parse(out) as { components: string[] }).components).toEqual(['traefik']);
    const off = await cli.run(['component', 'render', '-f', 'cluster.yaml', 'nats']);
    expect([off.code, off.err]).toEqual([2, expect.stringContaining('nats is off: not named in the file.')]);
    const unknown = await cli.run(['component', 'render', '-f', 'cluster.yaml', 'traefick']);
    expect(unknown.err).toContain('Did you mean traefik?');
  });

  it('refuses a bucket outside the residency, and says whose country cannot be known', async () => {
    const bucket = (endpoint: string): string =>
      `${head}components:\n  preset: none\n  loki: {s3: {bucket: logs, endpoint: ${endpoint}, region: x}}\n`;
    file(bucket('s3.us-east-1.amazonaws.com'));
    const outside = await cli.run(['component', 'render']);
    expect(outside.code).toBe(3);
    expect(outside.err).toMatch(/loki: .*\(s3\.us-east-1\.amazonaws\.com\) is in US/);
    const plan = await cli.run(['cluster', 'plan', '-f', 'cluster.yaml']);
    expect(plan.code).toBe(3);
    expect(plan.err).toContain('Data would leave DE, FI; nothing was changed.');
    file(bucket('s3.acme.dev'));
    const unknown = await cli.run(['component', 'render', '--out', 'fourth']);
    expect(unknown.code).toBe(0);
    expect(unknown.err).toMatch(/loki: .*\(s3\.acme\.dev\), whose country cannot be known/);
  });
});
