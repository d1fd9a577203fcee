import { describe, expect, it } from 'vitest';

import { bytesOf, judgedEndpoints, secretNeeds } from '../../src/components/index.js';
import { at, bare, hetzner, maps, rendered, type Rendered, type Values } from './network-cluster.js';

const cluster = (monitoring: Values = {}, others: Values = {}, provider = hetzner): Promise<Rendered> =>
  rendered({ monitoring, ...others }, { provider });
const values = async (monitoring: Values = {}, others: Values = {}): Promise<Values> =>
  (await cluster(monitoring, others)).values('monitoring');
const needs = async (monitoring: Values): Promise<readonly string[]> =>
  secretNeeds((await cluster(monitoring)).selection)
    .filter(({ component }) => component === 'monitoring')
    .map(({ name, key, variable }) => `${name}/${key} from ${variable}`);

const email = { to: 'ops@acme.dev', from: 'alerts@acme.dev', server: 'mail.acme.dev:587' };

describe('monitoring on k3s', () => {
  it('does not look for parts that k3s has in one process', async () => {
    const of = await values();
    for (const part of ['kubeControllerManager', 'kubeScheduler', 'kubeProxy', 'kubeEtcd'])
      expect(of[part], part).toEqual({ enabled: false });
  });

  it('measures etcd where told at which addresses', async () => {
    const { kubeEtcd } = await values({ etcd: { servers: ['10.0.0.2', '10.0.0.3'] } });
    expect(kubeEtcd).toMatchObject({ enabled: true, endpoints: ['10.0.0.2', '10.0.0.3'], service: { port: 2381 } });
  });

  it('leaves the kinds to the component that upgrades them', async () => {
    const { component } = await cluster();
    expect(at(await values(), 'crds.enabled')).toBe(false);
    expect(component('monitoring').waitsFor).toContain('prometheus-crds');
    const { problems } = await cluster({}, { 'prometheus-crds': false });
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['components.prometheus-crds']);
  });

  it('keeps no series of what k3s mounts and plugs in for a pod', async () => {
    const given = at(await values(), 'prometheus-node-exporter.extraArgs') as string[];
    const pattern = (flag: string): RegExp =>
      new RegExp(given.find((one) => one.startsWith(`--collector.${flag}=`))!.split('=')[1]!);
    const mounts = pattern('filesystem.mount-points-exclude');
    expect(mounts.test('/run/k3s/containerd/io.containerd.grpc.v1.cri/sandboxes/ab12/shm')).toBe(true);
    expect(mounts.test('/var/lib/kubelet/pods/ab12/volumes')).toBe(true);
    expect([mounts.test('/'), mounts.test('/var/lib/rancher')]).toEqual([false, false]);
    for (const flag of ['netclass.ignored-devices', 'netdev.device-exclude'])
      expect([pattern(flag).test('veth12ab'), pattern(flag).test('eth0')], flag).toEqual([true, false]);
  });

  it('asks the one process of a server for the API’s metrics and the kubelet’s once each', async () => {
    const of = await values();
    const dropped = (part: string, metric: string): boolean =>
      (at(of, `${part}.serviceMonitor.metricRelabelings`) as { sourceLabels: string[]; regex: string }[])
        .filter(({ sourceLabels }) => sourceLabels.length === 1)
        .some(({ regex }) => new RegExp(`^(?:${regex})$`).test(metric));
    const ofApi = 'apiserver_request_total';
    const ofKubelet = 'kubelet_volume_stats_used_bytes';
    expect([dropped('kubelet', ofApi), dropped('kubelet', ofKubelet)]).toEqual([true, false]);
    expect([dropped('kubeApiServer', ofApi), dropped('kubeApiServer', ofKubelet)]).toEqual([false, true]);
  });

  it('sees what other charts say of themselves', async () => {
    const spec = at(await values(), 'prometheus.prometheusSpec') as Values;
    for (const kind of ['serviceMonitor', 'podMonitor', 'probe', 'rule', 'scrapeConfig'])
      expect(spec[`${kind}SelectorNilUsesHelmValues`], kind).toBe(false);
  });
});

describe('what is kept of metrics', () => {
  it.each(['20Gi', '50Gi', '1Ti'])('leaves room on a volume of %s', async (size) => {
    const spec = at(await values({ storage: { size } }), 'prometheus.prometheusSpec');
    const volume = at(spec, 'storageSpec.volumeClaimTemplate.spec');
    expect(at(volume, 'resources.requests.storage')).toBe(size);
    expect(at(spec, 'retentionSize')).toMatch(/^\d+MiB$/);
    const kept = bytesOf(String(at(spec, 'retentionSize')).replace(/B$/, ''))!;
    expect(kept / bytesOf(size)!).toBeGreaterThan(0.8);
    expect(kept / bytesOf(size)!).toBeLessThan(0.9);
  });

  it('lies on the storage class of the provider, or the one that is named, or the one of the cluster', async () => {
    const classes = (of: Rendered): unknown[] =>
      maps(of.values('monitoring'))
        .filter((one) => 'accessModes' in one)
        .map((one) => one['storageClassName']);
    expect(classes(await cluster())).toEqual(['hcloud-volumes', 'hcloud-volumes']);
    expect(classes(await cluster({ storage: { class: 'fast' } }))).toEqual(['fast', 'fast']);
    expect(classes(await cluster({}, {}, bare))).toEqual([undefined, undefined]);
  });
});

describe('Grafana', () => {
  it('has Loki as a source where there is one, at the address where it is', async () => {
    const of = await cluster();
    const [source] = at(of.values('monitoring'), 'grafana.additionalDataSources') as Values[];
    const { namespace, release } = of.selection.on.find(({ id }) => id === 'loki')!;
    expect(source).toMatchObject({ type: 'loki', url: `http://${release}.${namespace}:3100` });
    expect(at(of.values('loki'), 'fullnameOverride')).toBe(release);
    expect(at(await values({}, { loki: false }), 'grafana.additionalDataSources')).toBeUndefined();
  });

  it('takes name and password of its administrator from a Secret; the password is drawn and kept', async () => {
    const { selection, values: of } = await cluster({ grafana: { user: 'boss' } });
    const mine = secretNeeds(selection).filter(({ name }) => name === 'grafana-admin');
    expect(mine).toMatchObject([{ key: 'admin-password', generate: 32, variable: 'GRAFANA_ADMIN_PASSWORD' }]);
    const { definition, options } = selection.on.find(({ id }) => id === 'monitoring')!;
    const form = definition.secrets.find(({ name }) => name === 'grafana-admin')!;
    expect(form.plain).toEqual({ 'admin-user': 'options.grafana.user' });
    expect(at(options, 'grafana.user')).toBe('boss');
    const grafana = at(of('monitoring'), 'grafana') as Values;
    expect(grafana['admin']).toEqual({
      existingSecret: 'grafana-admin',
      userKey: 'admin-user',
      passwordKey: 'admin-password',
    });
    expect(grafana).not.toHaveProperty('adminPassword');
  });

  it('reads Secrets and ConfigMaps of its own namespace only', async () => {
    const grafana = at(await values(), 'grafana');
    expect(at(grafana, 'rbac.namespaced')).toBe(true);
    for (const part of ['dashboards', 'datasources'])
      expect(at(grafana, `sidecar.${part}`), part).toMatchObject({
        searchNamespace: 'monitoring',
        resource: 'configmap',
      });
  });

  it('is reached from outside only under a name that is given', async () => {
    expect(at(await values(), 'grafana.ingress')).toBeUndefined();
    const grafana = at(await values({ grafana: { host: 'grafana.acme.dev' } }), 'grafana');
    expect(at(grafana, 'ingress')).toEqual({
      enabled: true,
      ingressClassName: 'traefik',
      hosts: ['grafana.acme.dev'],
      tls: [{ hosts: ['grafana.acme.dev'] }],
    });
    expect(at(grafana, 'grafana\\.ini.server.root_url')).toBe('https://grafana.acme.dev/');
  });
});

describe('alerts go', () => {
  const config = async (alertmanager: Values = {}): Promise<unknown> =>
    at(await values({ alertmanager }), 'alertmanager.config');
  const people = async (alertmanager: Values): Promise<Values> =>
    (at(await config(alertmanager), 'receivers') as Values[]).find(({ name }) => name === 'people')!;

  it('nowhere by themselves, and every route ends at a receiver that exists', async () => {
    expect(await people({})).toEqual({ name: 'people' });
    const of = await config();
    const receivers = (at(of, 'receivers') as Values[]).map(({ name }) => name);
    const routes = maps(at(of, 'route')).flatMap(({ receiver }) => (receiver === undefined ? [] : [receiver]));
    expect(routes.length).toBeGreaterThan(2);
    for (const receiver of routes) expect(receivers).toContain(receiver);
  });

  it('Watchdog goes to a heartbeat receiver where one is named, and to nobody else', async () => {
    const alertmanager = { heartbeat: { server: 'hc-ping.com', interval: '3m' } };
    const of = await config(alertmanager);
    const [first, second] = at(of, 'route.routes') as Values[];
    expect(first).toMatchObject({
      receiver: 'heartbeat',
      matchers: ['alertname = "Watchdog"'],
      repeat_interval: '3m',
      group_interval: '1m',
    });
    expect(first).not.toHaveProperty('continue');
    expect(second).toMatchObject({ receiver: 'nobody' });
    const receiver = (at(of, 'receivers') as Values[]).find(({ name }) => name === 'heartbeat');
    expect(receiver?.['webhook_configs']).toEqual([
      { url_file: '/etc/alertmanager/secrets/alerts-heartbeat/url', send_resolved: false },
    ]);
    expect(await needs({ alertmanager })).toContain('alerts-heartbeat/url from ALERTS_HEARTBEAT_URL');
    expect(at(await values({ alertmanager }), 'alertmanager.alertmanagerSpec.secrets')).toEqual(['alerts-heartbeat']);
    expect(maps(await config()).some((one) => one['receiver'] === 'heartbeat')).toBe(false);
  });

  it('from the severity that is asked for', async () => {
    const matchers = async (severity: string): Promise<unknown> =>
      (at(await config({ severity }), 'route.routes') as Values[]).at(-1)?.['matchers'];
    expect(await matchers('critical')).toEqual(['severity = "critical"']);
    expect(await matchers('warning')).toEqual(['severity =~ "critical|warning"']);
    expect(await matchers('info')).toEqual(['severity =~ "critical|warning|info"']);
  });

  it.each([
    ['by mail', { email: { ...email, username: 'alerts' } }, 'alerts-smtp/password from ALERTS_SMTP_PASSWORD'],
    ['to a chat', { slack: { channel: '#alerts' } }, 'alerts-slack/url from ALERTS_SLACK_URL'],
    [
      'to a webhook',
      { webhook: { url: 'https://hooks.acme.dev/alerts', auth: 'bearer' } },
      'alerts-webhook/token from ALERTS_WEBHOOK_TOKEN',
    ],
  ])('%s with a secret that is mounted as a file', async (_how, alertmanager, need) => {
    expect(await needs({ alertmanager })).toContain(need);
    const [file] = need.split(' ');
    const [secret] = file!.split('/');
    expect(at(await values({ alertmanager }), 'alertmanager.alertmanagerSpec.secrets')).toEqual([secret]);
    expect(JSON.stringify(await people(alertmanager))).toContain(`"/etc/alertmanager/secrets/${file}"`);
  });

  it('by mail or to a webhook that ask for no secret, without one', async () => {
    const open = { email, webhook: { url: 'https://hooks.acme.dev/alerts' } };
    expect((await needs({ alertmanager: open })).filter((need) => need.startsWith('alerts-'))).toEqual([]);
    expect(at(await values({ alertmanager: open }), 'alertmanager.alertmanagerSpec.secrets')).toBeUndefined();
    expect(at((await people(open))['email_configs'], '0.require_tls')).toBe(true);
  });

  it('not to addresses that hold a secret or a template', async () => {
    for (const url of ['https://user:password@acme.dev/', 'https://acme.dev/{{ .Values }}', 'ftp://acme.dev'])
      expect((await cluster({ alertmanager: { webhook: { url } } })).problems, url).not.toEqual([]);
  });
});

describe('metrics are sent outside', () => {
  const url = 'https://metrics.acme.dev/api/v1/write';
  const sent = async (remoteWrite: Values): Promise<Values> =>
    (at(await values({ remoteWrite }), 'prometheus.prometheusSpec.remoteWrite') as Values[])[0]!;

  it('only when asked for', async () => {
    expect(at(await values(), 'prometheus.prometheusSpec.remoteWrite')).toBeUndefined();
  });

  it('with a name and a password, a token, or neither, as Secrets that are asked for', async () => {
    const mine = async (remoteWrite: Values): Promise<readonly string[]> =>
      (await needs({ remoteWrite })).filter((need) => need.startsWith('remote-write-'));
    expect(await sent({ url })).toMatchObject({
      url,
      basicAuth: {
        username: { name: 'remote-write-basic', key: 'username' },
        password: { name: 'remote-write-basic', key: 'password' },
      },
    });
    expect(await mine({ url })).toEqual([
      'remote-write-basic/username from METRICS_USERNAME',
      'remote-write-basic/password from METRICS_PASSWORD',
    ]);
    expect(await sent({ url, auth: 'bearer' })).toMatchObject({
      authorization: { type: 'Bearer', credentials: { name: 'remote-write-bearer', key: 'token' } },
    });
    expect(await mine({ url, auth: 'bearer' })).toEqual(['remote-write-bearer/token from METRICS_TOKEN']);
    expect(await sent({ url, auth: 'none' })).toEqual({ url });
    expect(await mine({ url, auth: 'none' })).toEqual([]);
  });

  it('all or some, under the name of the cluster', async () => {
    expect(await sent({ url, only: 'up|node_.*' })).toMatchObject({
      writeRelabelConfigs: [{ action: 'keep', sourceLabels: ['__name__'], regex: 'up|node_.*' }],
    });
    expect(at(await values(), 'prometheus.prometheusSpec.externalLabels')).toEqual({ cluster: 'acme' });
  });

  it('to places that residency hears of', async () => {
    const alertmanager = { email, slack: { channel: '#alerts' }, webhook: { url: 'https://hooks.acme.dev/' } };
    const { selection } = await cluster({ remoteWrite: { url }, alertmanager });
    const places = judgedEndpoints(selection, ['DE']).filter(({ component }) => component === 'monitoring');
    expect(places.map(({ where }) => where)).toEqual([
      url,
      'mail.acme.dev:587',
      'hooks.slack.com',
      'https://hooks.acme.dev/',
    ]);
    expect(judgedEndpoints((await cluster()).selection, ['DE'])).toEqual([]);
  });
});

describe('on a pool of its own', () => {
  const pools = [
    { name: 'web', count: 3 },
    { name: 'platform', count: 1 },
  ];

  it('every part lives there, but those that watch each node', async () => {
    const of = (await rendered({ monitoring: { pool: 'platform' } }, { file: { pools } })).values('monitoring');
    for (const path of [
      'prometheus.prometheusSpec',
      'alertmanager.alertmanagerSpec',
      'prometheusOperator',
      'prometheusOperator.admissionWebhooks.patch',
      'grafana',
      'kube-state-metrics',
    ])
      expect(at(of, path), path).toMatchObject({
        nodeSelector: { 'slipway.dev/pool': 'platform' },
        tolerations: [{ key: 'slipway.dev/platform', operator: 'Exists' }],
      });
    expect(of['prometheus-node-exporter']).toMatchObject({ tolerations: [{ operator: 'Exists' }] });
    expect(of['prometheus-node-exporter']).not.toHaveProperty('nodeSelector');
  });
});
