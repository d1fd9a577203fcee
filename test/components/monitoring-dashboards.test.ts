import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ownComponents } from '../../src/components/index.js';
import { metrics } from './monitoring-metrics.js';
import { asSent, readQuery } from './monitoring-queries.js';
import { at, rendered, type Values } from './network-cluster.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

const folder = join(ownComponents(), 'monitoring', 'dashboards');
const files = readdirSync(folder);
const read = (file: string): Dashboard => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
const all = files.map((file) => [file, read(file)] as const);
const ofMetrics = all.filter(([file]) => file !== 'logs.json');
const expressions = ({ panels }: Dashboard): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

const configMaps = async (components: Values): Promise<readonly Values[]> =>
  (await rendered(components)).component('monitoring').objects.filter(({ kind }) => kind === 'ConfigMap');
const shown = async (components: Values): Promise<readonly string[]> =>
  (await configMaps(components)).map((map) => String(at(map, 'metadata.name'))).toSorted();

describe('a dashboard', () => {
  it('has an id and a title of its own', () => {
    for (const key of ['uid', 'title'] as const) {
      const ids = all.map(([, dashboard]) => dashboard[key]);
      expect(ids).toEqual([...new Set(ids)]);
      for (const id of ids) expect(id).toMatch(/^[\w-]{2,40}$/);
    }
  });

  it.each(all)('%s has panels that lie beside each other, with ids of their own', (_file, { panels }) => {
    expect(panels.length).toBeGreaterThan(3);
    expect(panels.map(({ id }) => id)).toEqual([...new Set(panels.map(({ id }) => id))]);
    const fields = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(fields.length).toBe(new Set(fields).size);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it.each(ofMetrics)('%s asks in sound PromQL for metrics that exist', (_file, dashboard) => {
    const known = new Set(Object.values(metrics).flat());
    for (const expression of expressions(dashboard)) {
      const query = readQuery(asSent(expression));
      expect(query.wrongAt, expression).toBeUndefined();
      expect(
        query.metrics.filter((metric) => !known.has(metric)),
        expression,
      ).toEqual([]);
    }
  });

  it.each(all)('%s uses the variables it has, and has those it uses', (_file, dashboard) => {
    const variables = dashboard.templating.list.map(({ name }) => name);
    const used = new Set(
      [JSON.stringify(dashboard.panels), ...dashboard.templating.list.map(({ definition = '' }) => definition)]
        .flatMap((text) => [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name))
        .filter((name) => !name.startsWith('__')),
    );
    expect([...used].toSorted()).toEqual(variables.toSorted());
  });

  it.each(all)('%s takes its data from a source that can be chosen', (_file, dashboard) => {
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const { targets = [] } of dashboard.panels)
      for (const { datasource } of targets) expect(datasource.uid).toBe('${datasource}');
  });
});

describe('the known metrics', () => {
  it('are all used: none is kept for nothing', async () => {
    const alerts = (await rendered({ nats: true })).component('monitoring').objects;
    const text = JSON.stringify([alerts, all]);
    const unused = Object.values(metrics)
      .flat()
      .filter((metric) => !text.includes(metric));
    expect(unused).toEqual([]);
  });
});

describe('dashboards come to Grafana', () => {
  it('for nodes, ingress, Postgres, certificates and logs in the baseline', async () => {
    expect(await shown({})).toEqual([
      'dashboard-certificates',
      'dashboard-ingress',
      'dashboard-logs',
      'dashboard-nodes',
      'dashboard-postgres',
    ]);
  });

  it('only for what is on', async () => {
    expect(await shown({ preset: 'none', monitoring: true })).toEqual(['dashboard-nodes']);
    expect(await shown({ preset: 'none', monitoring: true, nats: true })).toEqual([
      'dashboard-nats',
      'dashboard-nodes',
    ]);
  });

  it('unchanged, under the label and in the namespace in which its sidecar looks', async () => {
    const { values } = await rendered({ nats: true });
    const sidecar = at(values('monitoring'), 'grafana.sidecar.dashboards');
    const maps = await configMaps({ nats: true });
    expect(maps).toHaveLength(files.length);
    for (const map of maps) {
      expect(at(map, 'metadata.namespace')).toBe(at(sidecar, 'searchNamespace'));
      expect(at(map, 'metadata.labels')).toMatchObject({ grafana_dashboard: '1' });
      expect(at(map, 'metadata.annotations')).toMatchObject({ [String(at(sidecar, 'folderAnnotation'))]: 'Slipway' });
      for (const [file, text] of Object.entries(at(map, 'data') as Readonly<Record<string, string>>))
        expect(JSON.parse(text)).toEqual(read(file));
    }
  });
});
