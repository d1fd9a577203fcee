import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { folderWith } from '../../package-files.js';

/** Where a chart can be had and in which version, as the `component.yaml` that uses it has it. */
export interface ChartPin {
  readonly source: string;
  readonly version: string;
}

/** What a component says of its chart: the rest of its file takes a sandbox longer to read than all that it starts with. */
const ofChart = /^chart:\n(?:(?: .*)?\n)*/m;

/** Of every component of the program, by the chart's name. */
export function chartPins(): ReadonlyMap<string, ChartPin> {
  const folder = join(
    folderWith(import.meta.url, 'templates/components/traefik/component.yaml'),
    'templates/components',
  );
  const files = readdirSync(folder).map((name) => join(folder, name, 'component.yaml'));
  return new Map(
    files.filter(existsSync).flatMap((file) => {
      const [text] = ofChart.exec(readFileSync(file, 'utf8')) ?? [];
      if (text === undefined) return [];
      const { chart } = parse(text) as {
        readonly chart: {
          readonly name: string;
          readonly repository?: string;
          readonly oci?: string;
          readonly version: string;
        };
      };
      const source = (chart.oci ?? chart.repository ?? '').replace(/\/$/, '');
      return [[chart.name, { source, version: chart.version }] as const];
    }),
  );
}
