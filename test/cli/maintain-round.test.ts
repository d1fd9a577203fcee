import { describe, expect, it } from 'vitest';

import { renderRound } from '../../src/cli/views/maintain.js';
import type { JobReport } from '../../src/workflows/maintain/report.js';

const error = { code: 'CHANNELS_UNREACHABLE', message: 'No answer.', details: [], changed: false };
const unread: JobReport = {
  job: 'patch',
  what: 'look',
  because: 'it could not be found out whether anything is due',
  outcome: 'failed',
  hindered: 'No answer.',
  steps: [],
  error,
};
const asked: JobReport = { job: 'tokens', what: 'tokens', because: 'they are 100 d old', outcome: 'ask', steps: [] };

const round = (jobs: readonly JobReport[]): string =>
  renderRound({
    cluster: 'demo',
    dryRun: false,
    withoutPolicy: false,
    problems: [],
    jobs,
    remarks: [],
    simulated: [],
  });

describe('a round of maintenance, as people read it', () => {
  it.each([
    ['Nothing is due for demo.', []],
    ['demo: 1 job is due.', [asked]],
    ['demo: 1 job is due; 1 job could not be judged.', [unread, asked]],
    ['Nothing is known to be due for demo; 1 job could not be judged.', [unread]],
  ])('counts what is due apart from what could not be judged: %s', (head, jobs) => {
    expect(round(jobs).split('\n')[0]).toBe(head);
  });

  it('does not say of a job that could not be judged that it failed', () => {
    expect(round([unread])).toContain(
      '  patch  not judged: it could not be found out whether anything is due; No answer.',
    );
  });
});
