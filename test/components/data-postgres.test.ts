import { describe, expect, it } from 'vitest';

import { at, rendered, type Values } from './network-cluster.js';

describe('the operator of Postgres', () => {
  it('renews pods of one Postgres after another, as text that its configuration takes', async () => {
    const data = async (options: Values): Promise<unknown> =>
      at((await rendered({ 'cloudnative-pg': options })).values('cloudnative-pg'), 'config.data');
    expect(await data({})).toEqual({ CLUSTERS_ROLLOUT_DELAY: '60', INSTANCES_ROLLOUT_DELAY: '10' });
    expect(await data({ clusterDelay: 0, instanceDelay: 5 })).toEqual({
      CLUSTERS_ROLLOUT_DELAY: '0',
      INSTANCES_ROLLOUT_DELAY: '5',
    });
  });

  it('has every instance in every namespace measured, under the name of its Postgres', async () => {
    const of = await rendered({});
    const monitor = of.object('cloudnative-pg', 'PodMonitor', 'postgres');
    expect(at(monitor, 'spec.namespaceSelector')).toEqual({ any: true });
    const relabelings = at(monitor, 'spec.podMetricsEndpoints.0.relabelings') as Values[];
    expect(relabelings.map(({ targetLabel }) => targetLabel)).toContain('postgres');
    expect(at(of.values('cloudnative-pg'), 'monitoring.podMonitorEnabled')).toBe(true);
  });

  it('is there without anything that measures', async () => {
    const of = await rendered({ preset: 'none', 'cloudnative-pg': true });
    expect(at(of.values('cloudnative-pg'), 'monitoring.podMonitorEnabled')).toBe(false);
    expect(of.component('cloudnative-pg').objects).toEqual([]);
  });

  it('waits for the kinds of monitors, which its chart uses', async () => {
    expect((await rendered({})).component('cloudnative-pg').waitsFor).toContain('prometheus-crds');
  });
});

describe('the plugin for backups', () => {
  it('lives where the operator looks for it, after it and after what makes its certificates', async () => {
    const { component } = await rendered({});
    expect(component('barman-cloud').namespace).toBe(component('cloudnative-pg').namespace);
    expect(component('barman-cloud').waitsFor).toEqual(expect.arrayContaining(['cert-manager', 'cloudnative-pg']));
  });

  it.each(['cert-manager', 'cloudnative-pg'])('is refused without %s', async (missing) => {
    const { problems } = await rendered({ preset: 'none', 'barman-cloud': true, [missing]: false });
    expect(problems.map(({ path }) => path.join('.'))).toContain(`components.${missing}`);
  });
});

describe('the kinds of Prometheus', () => {
  it('come before everything that says how it is measured', async () => {
    const { component, order } = await rendered({ nats: true });
    for (const name of ['cloudnative-pg', 'monitoring', 'loki', 'alloy', 'nats', 'traefik', 'cert-manager']) {
      expect(component(name).waitsFor, name).toContain('prometheus-crds');
      expect(order.indexOf('prometheus-crds'), name).toBeLessThan(order.indexOf(name));
    }
  });

  it('stay when the release goes, with every object of theirs', async () => {
    const { values } = await rendered({});
    expect(values('prometheus-crds')).toEqual({ crds: { annotations: { 'helm.sh/resource-policy': 'keep' } } });
  });
});

describe('on a pool of their own', () => {
  it('the operator, the plugin and Loki live there', async () => {
    const pool = { pool: 'platform' };
    const { values } = await rendered(
      { 'cloudnative-pg': pool, 'barman-cloud': pool, loki: pool },
      { file: { pools: [{ name: 'platform', count: 1 }] } },
    );
    const placed = { nodeSelector: { 'slipway.dev/pool': 'platform' } };
    expect(values('cloudnative-pg')).toMatchObject(placed);
    expect(values('barman-cloud')).toMatchObject(placed);
    expect(at(values('loki'), 'singleBinary')).toMatchObject(placed);
  });
});

describe('what components of data and monitoring ask of three nodes', () => {
  /** How many pods there are of each part, on three nodes. */
  const parts: Readonly<Record<string, readonly (readonly [count: number, path: string])[]>> = {
    monitoring: [
      [1, 'prometheus.prometheusSpec'],
      [1, 'alertmanager.alertmanagerSpec'],
      [2, 'prometheusOperator.prometheusConfigReloader'],
      [1, 'prometheusOperator'],
      [1, 'grafana'],
      [2, 'grafana.sidecar'],
      [1, 'kube-state-metrics'],
      [3, 'prometheus-node-exporter'],
    ],
    loki: [[1, 'singleBinary']],
    alloy: [
      [3, 'alloy'],
      [3, 'configReloader'],
    ],
    'cloudnative-pg': [[1, '']],
    'barman-cloud': [[1, '']],
    nats: [
      [3, 'container'],
      [3, 'reloader.merge'],
      [3, 'promExporter.merge'],
    ],
  };

  it.each(Object.entries(parts))('is what the values of %s say', async (name, pods) => {
    const { components, values } = await rendered({ nats: true }, { file: { pools: [] } });
    const sum = (key: string, unit: Readonly<Record<string, number>>): number =>
      pods.reduce((total, [count, path]) => {
        const whole = path === '' ? values(name) : at(values(name), path);
        const [, number, suffix = ''] = /^(\d+)(\w+)$/.exec(String(at(whole, `resources.requests.${key}`))) ?? [];
        return total + count * Number(number) * (unit[suffix] ?? NaN);
      }, 0);
    const { requests } = components.find((one) => one.id === name)!;
    expect({ cpu: sum('cpu', { m: 1 }), memory: sum('memory', { Mi: 1, Gi: 1024 }) }).toEqual({
      cpu: requests.cpuMilli,
      memory: requests.memoryMiB,
    });
  });

  it.each(Object.entries(parts))('has a bound on memory in every part of %s', async (name, pods) => {
    const { values } = await rendered({ nats: true });
    for (const [, path] of pods) {
      const whole = path === '' ? values(name) : at(values(name), path);
      expect(at(whole, 'resources.limits.memory'), `${name} ${path}`).toMatch(/^\d+[MG]i$/);
    }
  });
});
