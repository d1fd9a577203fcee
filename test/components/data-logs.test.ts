import { describe, expect, it } from 'vitest';

import { judgedEndpoints, resolveSecrets, secretNeeds, type SecretReaders } from '../../src/components/index.js';
import { parseCluster } from '../../src/config/index.js';
import { Secret } from '../../src/domain/secret.js';
import { at, bare, hetzner, rendered, type Rendered, type Values } from './network-cluster.js';

const s3 = { bucket: 'acme-logs', endpoint: 's3.acme.dev', region: 'eu-1' };
const outside = { url: 'https://logs.acme.dev/loki/api/v1/push' };

const loki = async (options: Values = {}, provider = hetzner): Promise<Values> =>
  (await rendered({ loki: options }, { provider })).values('loki');
const configuration = (of: Rendered): string =>
  String(at(of.values('alloy'), 'alloy.configMap.content')).replaceAll(/\s+/g, ' ');
const alloy = async (options: Values = {}, others: Values = {}): Promise<string> =>
  configuration(await rendered({ alloy: options, ...others }));
const needs = ({ selection }: Rendered, name: string): readonly string[] =>
  secretNeeds(selection)
    .filter(({ component }) => component === name)
    .map(({ name: secret, key, variable }) => `${secret}/${key} from ${variable}`);

describe('Loki', () => {
  it('keeps logs on a volume of its own by itself, and asks for no secret', async () => {
    const of = await rendered({});
    const values = of.values('loki');
    expect(at(values, 'loki.storage')).toEqual({ type: 'filesystem' });
    expect(at(values, 'singleBinary.persistence')).toMatchObject({ size: '10Gi', storageClass: 'hcloud-volumes' });
    expect(at(values, 'singleBinary.extraArgs')).toBeUndefined();
    expect(needs(of, 'loki')).toEqual([]);
  });

  it('keeps them in a bucket with a secret, which only the running program sees', async () => {
    const of = await rendered({ loki: { s3 } });
    expect(needs(of, 'loki')).toEqual([
      'loki-s3/LOKI_S3_KEY from LOKI_S3_ACCESS_KEY',
      'loki-s3/LOKI_S3_SECRET from LOKI_S3_SECRET_KEY',
    ]);
    const values = of.values('loki');
    expect(at(values, 'loki.storage')).toMatchObject({
      type: 's3',
      bucketNames: { chunks: 'acme-logs' },
      s3: { endpoint: 's3.acme.dev', region: 'eu-1', s3ForcePathStyle: true },
    });
    const binary = at(values, 'singleBinary') as Values;
    const secret = (binary['extraEnvFrom'] as Values[])[0];
    expect(secret).toEqual({ secretRef: { name: 'loki-s3' } });
    expect(binary['extraArgs']).toEqual(['-config.expand-env=true']);
    for (const { key } of secretNeeds(of.selection).filter(({ component }) => component === 'loki'))
      expect(JSON.stringify(at(values, 'loki.storage.s3'))).toContain(`"\${${key}}"`);
  });

  it('is refused with half of a bucket', async () => {
    const { problems } = await rendered({ loki: { s3: { bucket: 'acme-logs' } } });
    expect(problems.length).toBeGreaterThan(0);
  });

  it.each([
    ['on a volume', {}, 'filesystem'],
    ['in a bucket', { s3 }, 's3'],
  ])('names one store everywhere: %s', async (_where, options, store) => {
    const values = at(await loki(options), 'loki');
    expect(at(values, 'schemaConfig.configs.0.object_store')).toBe(store);
    expect(at(values, 'storage.type')).toBe(store);
    expect(at(values, 'compactor.delete_request_store')).toBe(store);
  });

  it('forgets what is older than was asked for, under a schema whose day never changes', async () => {
    const values = at(await loki({ retention: '4w' }), 'loki');
    expect(at(values, 'limits_config.retention_period')).toBe('4w');
    // Deleting by age goes on without the API by which any pod could delete.
    expect(at(values, 'limits_config.deletion_mode')).toBe('disabled');
    expect(at(values, 'compactor.retention_enabled')).toBe(true);
    expect(at(values, 'schemaConfig.configs')).toHaveLength(1);
    expect(at(values, 'schemaConfig.configs.0')).toMatchObject({ from: '2024-04-01', store: 'tsdb', schema: 'v13' });
  });

  it('is one pod that takes what it is sent, without caches of gigabytes beside it', async () => {
    const values = await loki();
    expect(at(values, 'singleBinary.replicas')).toBe(1);
    expect(at(values, 'loki.commonConfig.replication_factor')).toBe(1);
    expect(at(values, 'loki.auth_enabled')).toBe(false);
    for (const part of ['write', 'read', 'backend']) expect(values[part], part).toEqual({ replicas: 0 });
    for (const part of ['chunksCache', 'resultsCache', 'gateway', 'lokiCanary', 'test', 'minio'])
      expect(values[part], part).toEqual({ enabled: false });
    // A budget for a single pod would keep its node from being drained.
    expect(at(values, 'singleBinary.podDisruptionBudget')).toEqual({ enabled: false });
  });

  it('uses the default class of a cluster whose provider has none', async () => {
    expect(at(await loki({}, bare), 'singleBinary.persistence')).not.toHaveProperty('storageClass');
  });

  it('tells residency where the bucket is', async () => {
    const { selection } = await rendered({ loki: { s3: { ...s3, endpoint: 'fsn1.your-objectstorage.com' } } });
    const [place] = judgedEndpoints(selection, ['FI']);
    expect(place).toMatchObject({ component: 'loki', country: 'DE', verdict: 'outside' });
  });
});

describe('Alloy', () => {
  it('comes and goes with Loki, and stays without it when named with an endpoint outside', async () => {
    expect((await rendered({})).order).toContain('alloy');
    expect((await rendered({ loki: false })).order).not.toContain('alloy');
    const of = await rendered({ loki: false, alloy: { outside } });
    expect(configuration(of)).not.toContain('loki.write "loki"');
    expect(configuration(of)).toContain(`url = "${outside.url}"`);
  });

  it('sends to the address at which Loki is', async () => {
    const of = await rendered({});
    const { namespace } = of.selection.on.find(({ id }) => id === 'loki')!;
    const name = String(at(of.values('loki'), 'fullnameOverride'));
    expect(configuration(of)).toContain(`url = "http://${name}.${namespace}:3100/loki/api/v1/push"`);
    expect(of.component('alloy').waitsFor).toContain('loki');
  });

  it.each([
    ['to Loki', {}, {}, ['loki']],
    ['to both', { outside }, {}, ['loki', 'outside']],
    ['outside', { outside }, { loki: false }, ['outside']],
  ])('sends logs of pods and nodes %s', async (_where, options, others, receivers) => {
    const text = await alloy(options, others);
    const written = [...text.matchAll(/loki\.write "(\w+)"/g)].map(([, name]) => name);
    expect(written).toEqual(receivers);
    const desired = `[${receivers.map((name) => `loki.write.${name}.receiver`).join(', ')}]`;
    const forwarded = [...text.matchAll(/forward_to = (\[[^\]]*write[^\]]*\])/g)].map(([, list]) => list);
    expect(forwarded).toEqual([desired, desired]);
  });

  it('names only what it defines', async () => {
    for (const text of [await alloy(), await alloy({ outside, journal: { enabled: false } })]) {
      const defined = [...text.matchAll(/([a-z_.]+) "(\w+)" \{/g)].map(([, kind, name]) => `${kind}.${name}`);
      const named = [
        ...text.matchAll(/\b((?:loki|discovery|local)\.[a-z_]+\.\w+)\.(?:receiver|targets|output|rules)/g),
      ];
      expect(named.length).toBeGreaterThan(4);
      for (const [, name] of named) expect(defined).toContain(name);
    }
  });

  it('reads the pods of its own node, under few labels and from where it stopped', async () => {
    const { values } = await rendered({});
    const text = await alloy();
    expect(text).toContain('field = "spec.nodeName=" + sys.env("HOSTNAME")');
    const labels = new Set([...text.matchAll(/target_label = "(\w+)"/g)].map(([, label]) => label));
    labels.delete('__path__');
    expect([...labels].toSorted()).toEqual(['app', 'container', 'level', 'namespace', 'node', 'pod', 'unit']);
    expect(text).toContain('stage.label_drop { values = ["filename"] }');
    const positions = { name: 'positions', mountPath: at(values('alloy'), 'alloy.storagePath') };
    expect(at(values('alloy'), 'alloy.mounts')).toEqual({ varlog: true, extra: [positions] });
    expect(at(values('alloy'), 'controller.volumes.extra.0')).toMatchObject({
      name: 'positions',
      hostPath: { path: positions.mountPath },
    });
  });

  it('runs on every node, whatever it is kept for', async () => {
    const { values } = await rendered({});
    expect(at(values('alloy'), 'controller')).toMatchObject({
      type: 'daemonset',
      tolerations: [{ operator: 'Exists' }],
    });
  });

  it('reads the journal of k3s, SSH and the kernel, of other units, or none', async () => {
    const kept = async (journal: Values): Promise<RegExp | undefined> => {
      const [, found] = /regex = ("(?:[^"\\]|\\.)*") action = "keep"/.exec(await alloy({ journal })) ?? [];
      return found === undefined ? undefined : new RegExp(`^(?:${String(JSON.parse(found))})$`);
    };
    const usual = await kept({});
    for (const entry of ['k3s.service;stdout', 'k3s-agent.service;stdout', 'sshd.service;syslog', ';kernel'])
      expect(usual?.test(entry), entry).toBe(true);
    for (const entry of ['cron.service;stdout', 'k3s-killall.service;stdout', ';audit'])
      expect(usual?.test(entry), entry).toBe(false);
    const own = await kept({ units: ['nginx'] });
    expect([own?.test('nginx.service;stdout'), own?.test('k3s.service;stdout')]).toEqual([true, false]);
    expect(await kept({ enabled: false })).toBeUndefined();
    expect(await alloy({ journal: { enabled: false } })).not.toContain('journal');
  });

  it('leaves no pair of braces to helm, which would read it as a template of its own', async () => {
    for (const text of [await alloy(), await alloy({ outside: { ...outside, tenant: 'acme', auth: 'bearer' } })])
      expect(text).not.toMatch(/\{\{|\}\}/);
    for (const url of ['https://acme.dev/{{ .Values }}', 'https://acme.dev/"', 'https://me:secret@acme.dev'])
      expect((await rendered({ alloy: { outside: { url } } })).problems, url).not.toEqual([]);
  });

  it('is asked in by a name and a password, a token, or not at all', async () => {
    const of = (auth: string) => rendered({ alloy: { outside: { ...outside, auth } } });
    expect(needs(await of('basic'), 'alloy')).toEqual([
      'logs-outside-basic/username from LOGS_USERNAME',
      'logs-outside-basic/password from LOGS_PASSWORD',
    ]);
    expect(needs(await of('bearer'), 'alloy')).toEqual(['logs-outside-bearer/token from LOGS_TOKEN']);
    expect(needs(await of('none'), 'alloy')).toEqual([]);
    for (const auth of ['basic', 'bearer', 'none']) {
      const text = configuration(await of(auth));
      const read = [...text.matchAll(/sys\.env\("(LOGS_\w+)"\)/g)].map(([, name]) => name);
      const given = (at((await of(auth)).values('alloy'), 'alloy.extraEnv') ?? []) as Values[];
      expect(given.map(({ name }) => name).toSorted(), auth).toEqual(read.toSorted());
    }
  });

  it('tells residency where logs go', async () => {
    const { selection } = await rendered({ alloy: { outside } });
    expect(judgedEndpoints(selection, ['DE'])).toMatchObject([
      { component: 'alloy', where: outside.url, verdict: 'unknown' },
    ]);
  });
});

describe('secrets of logs', () => {
  it('are in nothing that is rendered', async () => {
    const told = 'secret-that-nobody-may-see';
    const components = { loki: { s3 }, alloy: { outside } };
    const { selection, components: out } = await rendered(components);
    const readers: SecretReaders = {
      provider: () => undefined,
      environment: () => new Secret(told),
      file: () => Promise.resolve(undefined),
      draw: (length) => new Secret('x'.repeat(length)),
    };
    const spec = parseCluster(
      JSON.stringify({
        apiVersion: 'slipway.dev/v1',
        kind: 'Cluster',
        name: 'acme',
        provider: { name: 'hetzner' },
        components,
      }),
      'cluster.yaml',
    );
    const secrets = await resolveSecrets(
      selection,
      { cluster: { name: 'acme', id: 'k3x9' }, spec, provider: hetzner },
      readers,
    );
    const made = secrets.filter(({ name }) => ['loki-s3', 'logs-outside-basic'].includes(name));
    expect(made.map(({ name }) => name).toSorted()).toEqual(['logs-outside-basic', 'loki-s3']);
    expect(JSON.stringify([out, secrets])).not.toContain(told);
  });
});
