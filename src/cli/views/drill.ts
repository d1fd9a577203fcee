import { type DrillTimes, plural } from '../../domain/index.js';
import type { DrillReport } from '../../workflows/drill/report.js';
import type { DrillRecord } from '../../workflows/drill/report.js';
import { simulatedLines } from './cluster.js';

/** What is measured, in words, and how to read it. */
export const drillMarks = [
  ['noticed', ({ noticedMs }) => noticedMs],
  ['volumes detached', ({ detachedMs }) => detachedMs],
  ['pods Ready elsewhere', ({ podsReadyMs }) => podsReadyMs],
  ['address answered again', ({ url }) => url?.answeredMs],
  ['capacity back', ({ capacityMs }) => capacityMs],
  ['data back', ({ dataMs }) => dataMs],
] as const satisfies readonly (readonly [string, (times: DrillTimes) => number | undefined])[];

/** What was lost, in words. */
export const lostText = ({ node, claim }: Pick<DrillRecord, 'node' | 'claim'>): string =>
  node ?? `the volume of ${claim ?? 'a claim'}`;

/** What a drill found, a line each, beside what the last ones found. */
export function renderDrill(report: DrillReport, page: string | undefined): string {
  const { cluster, times, before, earlier, simulated, complete, dataAgeMs } = report;
  const asked = drillMarks.filter(([name]) => isMeasured(name, report));
  const width = Math.max(...asked.map(([name]) => name.length));
  return [
    `${cluster}: ${lostText(report)} was lost on purpose${complete ? '' : ', and not all came back'}.`,
    ...asked.map(([name, of]) => `  ${name.padEnd(width)}  ${seconds(of(times))}${compared(earlier, of)}`),
    ...(times.url
      ? [`  ${'failed'.padEnd(width)}  ${times.url.failedSeconds} of the seconds that the address was asked in`]
      : []),
    ...(dataAgeMs === undefined
      ? []
      : [
          `  ${'data lost'.padEnd(width)}  what was written in the ${seconds(dataAgeMs)} between the copy and the loss`,
        ]),
    `  before it: ${beforeText(before)}`,
    ...(page === undefined ? [] : [`  ${page}`]),
    ...simulatedLines(simulated),
  ].join('\n');
}

/** `2 pods that move, 1 volume, 3 Ready nodes` */
const beforeText = ({ pods, attached, readyNodes, data }: DrillReport['before']): string =>
  [
    `${plural(pods, 'pod')} that ${data ? (pods === 1 ? 'uses it' : 'use it') : pods === 1 ? 'moves' : 'move'}`,
    plural(attached, 'volume'),
    ...(readyNodes === undefined ? [] : [plural(readyNodes, 'Ready node')]),
  ].join(', ');

/** Whether there was anything of that kind to measure. */
export const isMeasured = (name: string, { before, times }: Pick<DrillReport, 'before' | 'times'>): boolean =>
  (name !== 'volumes detached' || before.attached > 0) &&
  (name !== 'pods Ready elsewhere' || before.pods > 0) &&
  (name !== 'capacity back' || before.readyNodes !== undefined) &&
  (name !== 'data back' || before.data === true) &&
  (name !== 'address answered again' || times.url !== undefined);

export const seconds = (ms: number | undefined): string =>
  ms === undefined ? 'not while it was watched' : `${(ms / 1000).toFixed(1)} s`;

/** The last three are enough to see a way. */
function compared(earlier: readonly DrillRecord[], of: (times: DrillTimes) => number | undefined): string {
  const last = earlier.slice(-3).flatMap(({ times }) => of(times) ?? []);
  return last.length === 0 ? '' : `  (before: ${last.map((ms) => seconds(ms)).join(', ')})`;
}
