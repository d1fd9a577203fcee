import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { folderWith } from '../../package-files.js';

/** Where a chart can be had and in which version, as the `component.yaml` that uses it has it. */
export interface ChartPin {
  readonly source: string;
  readonly version: string;
}

/** Of every component of the program, by the chart's name. */
export function chartPins(): ReadonlyMap<string, ChartPin> {
  const folder = join(
    folderWith(import.meta.url, 'templates/components/traefik/component.yaml'),
    'templates/components',
  );
  const files = readdirSync(folder).map((name) => join(folder, name, 'component.yaml'));
  return new Map(
    files.filter(existsSync).flatMap((file) => {
      const { chart } = parse(readFileSync(file, 'utf8')) as {
        readonly chart?: {
          readonly name: string;
          readonly repository?: string;
          readonly oci?: string;
          readonly version: string;
        };
      };
      if (!chart) return [];
      const source = (chart.oci ?? chart.repository ?? '').replace(/\/$/, '');
      return [[chart.name, { source, version: chart.version }] as const];
    }),
  );
}
