import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

import { mergeValues } from '../../src/components/index.js';

type Values = Readonly<Record<string, unknown>>;

/** What is kept of charts by others, beside this project; it may be absent. */
const charts = new URL('../../../shared/charts/', import.meta.url).pathname;

const folderOf = (chart: string): string => join(charts, chart);
export const knowsChart = (chart: string): boolean => existsSync(join(folderOf(chart), 'values.yaml'));

/** Charts inside another, which take their values under their name. */
const inner: Readonly<Record<string, readonly string[]>> = {
  'kube-prometheus-stack': ['grafana', 'kube-state-metrics', 'prometheus-node-exporter'],
};

/** Maps with defaults that take any key all the same: they go to Kubernetes, or into a program's own file, as they are. */
const open = new Set([
  'nodeSelector',
  'resources',
  'env',
  'annotations',
  'labels',
  'service.spec',
  'loki.limits_config',
]);
const isOpen = (path: readonly string[]): boolean => open.has(path.at(-1) ?? '') || open.has(path.slice(-2).join('.'));

const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

const texts = new Map<string, string>();
const defaults = new Map<string, Values>();

function text(chart: string): string {
  const known = texts.get(chart) ?? readFileSync(join(folderOf(chart), 'values.yaml'), 'utf8');
  texts.set(chart, known);
  return known;
}

function values(chart: string): Values {
  const known = defaults.get(chart) ?? (parse(text(chart), { merge: true, logLevel: 'error' }) as Values);
  defaults.set(chart, known);
  return known;
}

/** What helm makes of our values for a chart: they lie over its defaults. */
export const mergedValues = (chart: string, ours: Values): Values => mergeValues(values(chart), ours);

/** Keys of ours that the chart does not know, as paths. */
export function unknownKeys(chart: string, ours: Values): string[] {
  const within = inner[chart] ?? [];
  const own = Object.fromEntries(Object.entries(ours).filter(([key]) => !within.includes(key)));
  return [
    ...unknownIn(own, values(chart), text(chart), []),
    ...within
      .filter((name) => isMap(ours[name]) && knowsChart(name))
      .flatMap((name) => {
        // The outer chart's own defaults for the inner one count too.
        const outer = values(chart)[name];
        const known = mergeValues(values(name), isMap(outer) ? outer : {});
        return unknownIn(ours[name] as Values, known, text(name) + text(chart), [name]);
      }),
  ];
}

function unknownIn(ours: Values, theirs: Values, source: string, path: readonly string[]): string[] {
  return Object.entries(ours).flatMap(([key, value]) => {
    const here = [...path, key];
    if (!Object.hasOwn(theirs, key)) return key === 'global' || isInComment(source, key) ? [] : [here.join('.')];
    const known = theirs[key];
    // A map that is empty, or nothing, takes any key.
    const any = !isMap(known) || Object.keys(known).length === 0 || isOpen(here);
    return isMap(value) && !any ? unknownIn(value, known, source, here) : [];
  });
}

/** Charts name keys that have no default in comments. */
function isInComment(source: string, key: string): boolean {
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\s*#+[^\\n]*?(^|[\\s{,'"\`.])${escaped}['"\`]?\\s*:`, 'm').test(source);
}

/** What the chart's own schema says against our values, laid over its defaults. */
export function schemaComplaints(chart: string, ours: Values): string[] {
  const file = join(folderOf(chart), 'values.schema.json');
  if (!existsSync(file)) return [];
  const validate = validatorOf(file);
  return validate(mergeValues(values(chart), ours))
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
      );
}

const validators = new Map<string, ReturnType<Ajv['compile']>>();

function validatorOf(file: string): ReturnType<Ajv['compile']> {
  const known = validators.get(file);
  if (known) return known;
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { $schema?: string };
  const Kind = /2020-12/.test(schema.$schema ?? '') ? Ajv2020 : /2019-09/.test(schema.$schema ?? '') ? Ajv2019 : Ajv;
  const ajv = new Kind({ strict: false, allErrors: true, validateSchema: false, logger: false });
  addFormats.default(ajv);
  const compiled = ajv.compile(schema);
  validators.set(file, compiled);
  return compiled;
}
