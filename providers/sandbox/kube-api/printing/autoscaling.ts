import type { Obj } from '../objects.js';
import { ageColumn, type Column, column, count, dig, firstOf, maps, nameColumn, text } from './column.js';

type Part = Readonly<Record<string, unknown>>;

/** Where a metric of a type has its name and its numbers. */
const parts: Readonly<Record<string, string>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

const unknown = '<unknown>';

function metric(spec: Part, status: Part | undefined): string {
  const part = parts[text(spec, 'type')];
  if (part === undefined) return '<unknown type>';
  const target = (field: string): string => text(spec, `${part}.target.${field}`);
  const current = (field: string): string => text(status, `${part}.current.${field}`, unknown);
  const average = target('averageValue');
  if (part === 'resource' || part === 'containerResource') {
    const percent = (value: string, none: string): string => (value === '' || value === unknown ? none : `${value}%`);
    const numbers =
      average === ''
        ? `${percent(current('averageUtilization'), unknown)}/${percent(target('averageUtilization'), '<auto>')}`
        : `${current('averageValue')}/${average}`;
    return `${text(spec, `${part}.name`)}: ${numbers}`;
  }
  if (part === 'pods') return `${current('averageValue')}/${average}`;
  return average === '' ? `${current('value')}/${target('value')}` : `${current('averageValue')}/${average} (avg)`;
}

function metrics(scaler: Obj): string {
  const specs = maps(scaler, 'spec.metrics');
  const statuses = maps(scaler, 'status.currentMetrics');
  const list = specs.map((spec, index) => metric(spec, statuses[index]));
  return firstOf(list, 2, ', ') || '<none>';
}

export const autoscalerColumns: readonly Column[] = [
  nameColumn,
  column('Reference', (one) => `${text(one, 'spec.scaleTargetRef.kind')}/${text(one, 'spec.scaleTargetRef.name')}`),
  column('Targets', metrics),
  column('MinPods', (one) => text(one, 'spec.minReplicas', '<unset>')),
  column('MaxPods', (one) => count(one, 'spec.maxReplicas')),
  column('Replicas', (one) => count(one, 'status.currentReplicas')),
  ageColumn,
];

/** A budget names numbers or percentages, or nothing. */
const limit = (budget: Obj, path: string): string => (dig(budget, path) === undefined ? 'N/A' : text(budget, path));

export const budgetColumns: readonly Column[] = [
  nameColumn,
  column('Min Available', (one) => limit(one, 'spec.minAvailable')),
  column('Max Unavailable', (one) => limit(one, 'spec.maxUnavailable')),
  { name: 'Allowed Disruptions', type: 'integer', read: (one) => count(one, 'status.disruptionsAllowed') },
  ageColumn,
];
