import { describe, expect, it } from 'vitest';

import { metrics } from './monitoring-metrics.js';
import { readQuery } from './monitoring-queries.js';
import { at, hetzner, linode, rendered, type Values } from './network-cluster.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const alertsOf = async (components: Values, provider = hetzner): Promise<readonly Alert[]> =>
  (await rendered(components, { provider }))
    .component('monitoring')
    .objects.filter(({ kind }) => kind === 'PrometheusRule')
    .flatMap((rule) => at(rule, 'spec.groups') as { readonly rules: readonly Alert[] }[])
    .flatMap(({ rules }) => rules);
const everything = { nats: true };
const names = (alerts: readonly Alert[]): string[] => alerts.map(({ alert }) => alert);

describe('every alert', () => {
  it('asks in sound PromQL for metrics that exist', async () => {
    const known = new Set(Object.values(metrics).flat());
    for (const { alert, expr } of await alertsOf(everything)) {
      const query = readQuery(expr);
      expect(query.wrongAt, `${alert}: ${expr}`).toBeUndefined();
      expect(query.metrics.length, alert).toBeGreaterThan(0);
      expect(
        query.metrics.filter((metric) => !known.has(metric)),
        alert,
      ).toEqual([]);
    }
  });

  it('says how bad it is, what happened, what it means and what to do', async () => {
    for (const { alert, labels, annotations } of await alertsOf(everything)) {
      expect(['info', 'warning', 'critical'], alert).toContain(labels['severity']);
      expect(Object.keys(annotations).toSorted(), alert).toEqual(['description', 'runbook', 'summary']);
      for (const text of Object.values(annotations)) expect(text.length, alert).toBeGreaterThan(8);
    }
  });

  it('speaks of labels that its query leaves', async () => {
    for (const { alert, expr, annotations } of await alertsOf(everything)) {
      const spoken = Object.values(annotations).flatMap((text) =>
        [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
      );
      // What is grouped keeps only what it is grouped by; the rest has the labels of its target.
      if (!/\b(sum|max|min|count|avg)\b/.test(expr)) continue;
      const { labels } = readQuery(expr);
      for (const label of spoken) expect([...labels, 'persistentvolumeclaim'], alert).toContain(label);
    }
  });

  it('has closed braces and a name of its own', async () => {
    const alerts = await alertsOf(everything);
    expect(names(alerts)).toEqual([...new Set(names(alerts))]);
    for (const { alert, annotations } of alerts)
      for (const text of Object.values(annotations))
        expect(text.replace(/\{\{ [^{}]+ \}\}/g, ''), alert).not.toMatch(/[{}\\]/);
  });

  it('waits for a time that Prometheus reads', async () => {
    for (const alert of await alertsOf(everything)) expect(alert.for, alert.alert).toMatch(/^\d+[smh]$/);
  });
});

describe('alerts', () => {
  it('are there for nodes, ingress, certificates, Postgres with its log and its archive, and logs', async () => {
    expect(names(await alertsOf({}))).toEqual(
      expect.arrayContaining([
        'NodeGone',
        'NodeDiskFilling',
        'IngressGone',
        'IngressErrors',
        'CertificateNotReady',
        'CertificateExpiresSoon',
        'PostgresReplicaLags',
        'PostgresLogVolumeFilling',
        'PostgresArchivingFails',
        'PostgresBackupOld',
        'LogsDropped',
      ]),
    );
  });

  it('are there only for what is: nothing that is off is missed', async () => {
    const off = { traefik: false, 'cert-manager': false, 'barman-cloud': false, 'cloudnative-pg': false, loki: false };
    const alerts = await alertsOf({ preset: 'none', ...off, monitoring: true });
    const used = alerts.flatMap(({ expr }) => readQuery(expr).metrics);
    const there = ['node-exporter', 'kube-state-metrics', 'kubelet'].flatMap((name) => metrics[name] ?? []);
    expect(used.filter((metric) => !there.includes(metric))).toEqual([]);
    expect(alerts.length).toBeGreaterThan(3);
  });

  it('for backups go with the plugin that makes them', async () => {
    const without = names(await alertsOf({ 'barman-cloud': false }));
    expect(without).toContain('PostgresReplicaLags');
    expect(without.filter((name) => name.includes('Backup'))).toEqual([]);
  });

  it('tell of a Postgres that was never backed up, whose metric is 0 rather than absent', async () => {
    const expressions = new Map((await alertsOf({})).map(({ alert, expr }) => [alert, expr]));
    const metric = 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp';
    expect(expressions.get('PostgresNeverBackedUp')).toBe(`max by (namespace, postgres) (${metric}) == 0`);
    // The two together leave no value of the metric out.
    expect(expressions.get('PostgresBackupOld')).toContain(`(${metric} > 0)`);
    expect(names(await alertsOf({ 'barman-cloud': false }))).not.toContain('PostgresNeverBackedUp');
  });

  it('for the number of volumes are there where the provider has a limit that is known', async () => {
    expect(names(await alertsOf({}))).toContain('NodeVolumesNearlyAll');
    expect(names(await alertsOf({}, linode))).not.toContain('NodeVolumesNearlyAll');
  });

  it('go by the labels under which Traefik and cert-manager are measured', async () => {
    const { values } = await rendered({});
    const monitors = [
      at(values('traefik'), 'metrics.prometheus.serviceMonitor'),
      at(values('cert-manager'), 'prometheus.servicemonitor'),
    ] as Values[];
    // With labels honoured their own would not be called exported_service and exported_namespace.
    for (const monitor of monitors)
      expect([monitor['enabled'], monitor['honorLabels'] ?? false]).toEqual([true, false]);
    for (const { alert, expr } of await alertsOf({})) {
      if (expr.includes('traefik_service_')) expect(readQuery(expr).labels, alert).toContain('exported_service');
      if (expr.includes('certmanager_certificate_'))
        expect(readQuery(expr).labels, alert).toContain('exported_namespace');
    }
  });
});
