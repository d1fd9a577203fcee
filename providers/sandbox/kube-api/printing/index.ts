import { isMap, type Obj } from '../objects.js';
import type { Resource } from '../resources.js';
import { autoscalerColumns, budgetColumns } from './autoscaling.js';
import { clusterColumns, plainColumns } from './cluster.js';
import { age, type Column, dig, nameColumn } from './column.js';
import { eventView } from '../events.js';
import { eventColumns } from './events.js';
import { networkColumns } from './network.js';
import { podColumns } from './pods.js';
import { storageColumns } from './storage.js';
import { workloadColumns } from './workloads.js';

/** By group and plural name. */
const columns: Readonly<Record<string, readonly Column[]>> = {
  '/pods': podColumns,
  '/events': eventColumns,
  'events.k8s.io/events': eventColumns.map((one) => ({
    ...one,
    read: (event: Obj, now: number) => one.read(eventView.toStored(event), now),
  })),
  'policy/poddisruptionbudgets': budgetColumns,
  'autoscaling/horizontalpodautoscalers': autoscalerColumns,
  ...clusterColumns,
  ...networkColumns,
  ...storageColumns,
  ...workloadColumns,
};

/** The columns of a kind; of one's own kinds those that its definition describes. */
export function columnsOf(resource: Resource): readonly Column[] {
  const { group, plural } = resource;
  if (resource.columns)
    return [
      nameColumn,
      ...resource.columns.map(({ jsonPath, ...column }) => ({
        ...column,
        read: (object: Obj, now: number) => printed(values(object, jsonPath), column.type, now),
      })),
    ];
  return columns[`${group}/${plural}`] ?? plainColumns;
}

/** What a path like `.status.conditions[?(@.type=="Ready")].status` leads to. */
function values(object: Obj, path: string): unknown[] {
  const steps = path.match(/\[\?\(@\.[^)]+\)\]|\[[^\]]+\]|(?:\\\.|[^.[])+/g) ?? [];
  return steps.reduce<unknown[]>(
    (found, step) => found.flatMap((value) => one(value, step)).filter((value) => value !== undefined),
    [object],
  );
}

function one(value: unknown, step: string): unknown[] {
  if (!step.startsWith('[')) return isMap(value) ? [value[step.replaceAll('\\.', '.')]] : [];
  if (!Array.isArray(value)) return [];
  const list = value as unknown[];
  if (step === '[*]') return list;
  const test = /^\[\?\(@\.([\w.]+)\s*==\s*["'](.*)["']\)\]$/.exec(step);
  return test ? list.filter((item) => dig(item, test[1]!) === test[2]) : [list.at(Number(step.slice(1, -1)))];
}

function printed([first, ...more]: readonly unknown[], type: string, now: number): unknown {
  if (first === undefined || first === null) return null;
  if (type === 'date') return age(typeof first === 'string' ? first : undefined, now);
  if (type !== 'string') return first;
  return [first, ...more].map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',');
}
