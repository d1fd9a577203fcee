import type { Obj } from '../objects.js';
import { labelTexts } from '../selectors.js';
import {
  age,
  ageColumn,
  boolean,
  type Column,
  column,
  containerColumns,
  count,
  dig,
  duration,
  integer,
  labelsText,
  maps,
  nameColumn,
  selectorText,
  text,
  wide,
} from './column.js';

const ready = column('Ready', (one) => `${count(one, 'status.readyReplicas')}/${count(one, 'spec.replicas')}`);
const containers = containerColumns('spec.template');
const selector = wide(column('Selector', (one) => selectorText(one.spec?.['selector'])));
const counts = (...names: readonly (readonly [name: string, path: string])[]): readonly Column[] =>
  names.map(([name, path]) => integer(name, (one) => count(one, path)));

function jobCompletions(job: Obj): string {
  const { completions, parallelism } = (job.spec ?? {}) as { completions?: number; parallelism?: number };
  const done = count(job, 'status.succeeded');
  if (completions !== undefined) return `${done}/${completions}`;
  return (parallelism ?? 0) > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobStatus(job: Obj): string {
  const is = (type: string): boolean =>
    maps(job, 'status.conditions').find((one) => one['type'] === type)?.['status'] === 'True';
  const ended = ['Complete', 'Failed'].find(is);
  if (ended !== undefined) return ended;
  if (job.metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(is) ?? 'Running';
}

function jobDuration(job: Obj, now: number): string {
  const began = text(job, 'status.startTime');
  const ended = text(job, 'status.completionTime');
  if (began === '') return '';
  return duration((ended === '' ? now : Date.parse(ended)) - Date.parse(began));
}

/** `True` and `False` are texts here. */
const suspended = (cron: Obj): string => {
  const value = cron.spec?.['suspend'];
  if (typeof value !== 'boolean') return '<unset>';
  return value ? 'True' : 'False';
};

export const workloadColumns: Readonly<Record<string, readonly Column[]>> = {
  'apps/deployments': [
    nameColumn,
    ready,
    column('Up-to-date', (one) => count(one, 'status.updatedReplicas')),
    column('Available', (one) => count(one, 'status.availableReplicas')),
    ageColumn,
    ...containers,
    wide(column('Selector', (one) => labelTexts(one.spec?.['selector']))),
  ],
  'apps/replicasets': [
    nameColumn,
    ...counts(['Desired', 'spec.replicas'], ['Current', 'status.replicas'], ['Ready', 'status.readyReplicas']),
    ageColumn,
    ...containers,
    selector,
  ],
  'apps/statefulsets': [nameColumn, ready, ageColumn, ...containers],
  'apps/daemonsets': [
    nameColumn,
    ...counts(
      ['Desired', 'status.desiredNumberScheduled'],
      ['Current', 'status.currentNumberScheduled'],
      ['Ready', 'status.numberReady'],
      ['Up-to-date', 'status.updatedNumberScheduled'],
      ['Available', 'status.numberAvailable'],
    ),
    column('Node Selector', (one) => labelsText(dig(one, 'spec.template.spec.nodeSelector'))),
    ageColumn,
    ...containers,
    selector,
  ],
  'batch/jobs': [
    nameColumn,
    column('Status', jobStatus),
    column('Completions', jobCompletions),
    column('Duration', jobDuration),
    ageColumn,
    ...containers,
    selector,
  ],
  'batch/cronjobs': [
    nameColumn,
    column('Schedule', (one) => text(one, 'spec.schedule')),
    column('Timezone', (one) => text(one, 'spec.timeZone', '<none>')),
    boolean('Suspend', suspended),
    integer('Active', (one) => maps(one, 'status.active').length),
    column('Last Schedule', (one, now) => {
      const last = text(one, 'status.lastScheduleTime');
      return last === '' ? '<none>' : age(last, now);
    }),
    ageColumn,
    ...containerColumns('spec.jobTemplate.spec.template'),
    wide(column('Selector', (one) => selectorText(dig(one, 'spec.jobTemplate.spec.selector')))),
  ],
};
