import { beforeEach, describe, expect, it } from 'vitest';

import { DeclinedError, IncompleteError } from '../../src/errors/index.js';
import type { ReportEvent, StepInfo } from '../../src/reporting/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { PlainLines } from '../../src/ui/plain.js';
import { confirm, type Asking } from '../../src/ui/prompt.js';
import { nearest } from '../../src/ui/not-found.js';
import { duration, fitScreen, leaveAtOnce, liveObjects, renderError, renderPlan, table } from '../../src/ui/index.js';

const step = (id: string, more: Partial<StepInfo> = {}): StepInfo => ({
  id,
  phase: 'Create machines',
  target: id,
  text: 'create a cx23',
  needs: [],
  ...more,
});

describe('what people read', () => {
  it.each([
    [840, '840 ms'],
    [4_100, '4.1 s'],
    [59_960, '1 min 0 s'],
    [192_000, '3 min 12 s'],
    [7_500_000, '2 h 5 min'],
  ])('%i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('lines columns up and leaves out those that say nothing', () => {
    expect(
      table(
        ['NAME', 'NOTE', 'N'],
        [
          ['a', '', '1'],
          ['longer', '', '22'],
        ],
      ),
    ).toBe('NAME    N\na       1\nlonger  22');
  });

  it('fits a table into the screen: columns go in their order, the last one goes on below', () => {
    const header = ['MACHINE', 'ZONE', 'PRIVATE', 'WHY'];
    const why = 'waits for a volume that is attached elsewhere';
    const rows = [['demo-workers-1', 'fsn1-dc14', '10.0.0.11', why]];
    const fitted = table(header, rows, { columns: 40, leaveOut: ['PRIVATE', 'ZONE'] });
    expect(Math.max(...fitted.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(fitted.replace(/\s+/g, ' ')).toContain(why);
    expect(fitted).toContain('(--wide shows PRIVATE, ZONE too)');
    expect(table(header, rows, { columns: 200, leaveOut: ['PRIVATE'] })).toBe(table(header, rows));
  });

  it('leaves a column out only where folding the last one does not make room', () => {
    const rows = [['demo-workers-1', 'fsn1-dc14', 'waits for a volume that is attached elsewhere']];
    const options = { leaveOut: ['ZONE'] };
    expect(table(['MACHINE', 'ZONE', 'WHY'], rows, { columns: 45, ...options })).not.toContain('--wide');
    expect(table(['MACHINE', 'ZONE', 'WHY'], rows, { columns: 40, ...options })).toContain('(--wide shows ZONE too)');
  });

  it('puts names that are too long on lines of their own, with the other columns below', () => {
    const name = `demo-${'w'.repeat(58)}`;
    const rows = [
      [name, 'fsn1-dc14', 'running', 'Ready'],
      ['demo-cp-1', 'fsn1-dc14', 'running', 'NotReady: its kubelet has not reported yet'],
    ];
    const options = { columns: 40, leaveOut: ['ZONE'] };
    expect(table(['MACHINE', 'ZONE', 'STATUS', 'NODE'], rows, options)).toBe(
      [
        'MACHINE',
        '  ZONE       STATUS   NODE',
        name,
        '  fsn1-dc14  running  Ready',
        'demo-cp-1',
        '  fsn1-dc14  running  NotReady: its',
        '                      kubelet has not',
        '                      reported yet',
      ].join('\n'),
    );
  });

  it('fits a watched text into the screen, and says how much is not shown', () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${index + 1} ${'x'.repeat(100)}`).join('\n');
    const lines = fitScreen(text, { columns: 40, rows: 10 }).split('\n');
    expect(lines).toHaveLength(9);
    expect(Math.max(...lines.map((line) => line.length))).toBe(40);
    expect(lines.at(-1)).toBe('… 22 more lines');
    expect(fitScreen('one\ntwo', { columns: 40, rows: 3 })).toBe('one\ntwo');
  });

  it('streams what it watches as one object a line, also where a look fails', async () => {
    const controller = new AbortController();
    const looks = [
      async () => ({ ready: 3 }),
      async () => Promise.reject(new Error('cut off')),
      async () => ({ ready: 4 }),
    ];
    const lines: string[] = [];
    await liveObjects(
      async () => {
        const look = looks.shift()!;
        return look();
      },
      (error) => ({ error: (error as Error).message }),
      {
        intervalMs: 1,
        signal: controller.signal,
        out: { write: (text: string) => (lines.push(text) === 3 && controller.abort(), true) },
      },
    );
    expect(lines).toEqual(['{"ready":3}\n', '{"error":"cut off"}\n', '{"ready":4}\n']);
  });

  it('an error with its details and what to do next, and no stack', () => {
    const error = new IncompleteError('no disk', {
      code: 'DISK_FULL',
      hint: 'Make room.',
      details: ['cp-1: 0 left'],
      cause: new Error('ENOSPC'),
    });
    expect(renderError(error)).toBe('Error: no disk\n  cp-1: 0 left\nNext: Make room.\nCode: DISK_FULL');
    expect(renderError(new TypeError('x is undefined'))).not.toMatch(/^\s+at /m);
  });

  it('a plan by phase, with what goes marked', () => {
    expect(
      renderPlan([step('cp-1'), step('old', { phase: 'Remove machines', text: 'delete it', destroys: true })]),
    ).toBe(
      'Create machines\n  + cp-1  create a cx23\n\nRemove machines\n  - old  delete it\n\n2 steps: 1 to add, 0 to change, 1 to remove.',
    );
    expect(renderPlan([])).toBe('No changes. The cluster matches the file.');
  });

  it('plain progress with the time since the start', () => {
    const lines: string[] = [];
    const plain = new PlainLines((line) => lines.push(line), new FakeClock());
    const events: ReportEvent[] = [
      { type: 'operation-started', at: 1_000, operation: 'cluster create', cluster: 'demo', steps: [step('cp-1')] },
      { type: 'step-started', at: 1_000, id: 'cp-1' },
      { type: 'step-done', at: 13_300, id: 'cp-1', ms: 12_300 },
      { type: 'operation-finished', at: 13_300, ms: 12_300, outcome: 'done' },
    ];
    for (const event of events) plain.emit(event);
    expect(lines).toEqual([
      'cluster create demo: 1 step',
      '   +0.0s  cp-1  create a cx23 …',
      '  +12.3s  cp-1  done: create a cx23 (12.3 s)',
      'done after 12.3 s',
    ]);
  });

  it('plain progress that says what was done, where that is not what was planned', () => {
    const lines: string[] = [];
    const plain = new PlainLines((line) => lines.push(line), new FakeClock());
    plain.emit({
      type: 'operation-started',
      at: 0,
      operation: 'cluster create',
      cluster: 'demo',
      steps: [step('cp-1')],
    });
    plain.emit({ type: 'step-started', at: 0, id: 'cp-1' });
    plain.emit({ type: 'step-done', at: 2_000, id: 'cp-1', ms: 2_000, text: 'create a cx33 in nbg1' });
    expect(lines.at(-1)).toBe('   +2.0s  cp-1  done: create a cx33 in nbg1 (2.0 s)');
    plain.close();
  });

  it('plain progress of a step that waits: what for, every 30 seconds', async () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const plain = new PlainLines((line) => lines.push(line), clock);
    const at = (): number => clock.now();
    const remove = step('web-1', { phase: 'Remove machines', text: 'drain it' });
    plain.emit({ type: 'operation-started', at: at(), operation: 'pool scale', cluster: 'demo', steps: [remove] });
    plain.emit({ type: 'step-started', at: at(), id: 'web-1' });
    const started = clock.monotonic();
    plain.emit({ type: 'step-progress', at: at(), id: 'web-1', text: 'draining' });
    plain.emit({ type: 'step-progress', at: at(), id: 'web-1', text: '1 pod left; held by PodDisruptionBudget web' });
    while (clock.monotonic() - started < 65_000) await clock.sleep(1_000);
    plain.emit({ type: 'step-interrupted', at: at(), id: 'web-1', ms: clock.monotonic() - started });
    plain.close();
    expect(lines.slice(1)).toEqual([
      '   +0.0s  web-1  drain it …',
      '  +30.0s  web-1  … 1 pod left; held by PodDisruptionBudget web (30.0 s)',
      '  +60.0s  web-1  … 1 pod left; held by PodDisruptionBudget web (1 min 0 s)',
      '  +65.0s  web-1  interrupted: drain it (1 min 5 s)',
    ]);
  });
});

describe('plain progress of what takes long', () => {
  const lines: string[] = [];
  let clock: FakeClock;
  let plain: PlainLines;
  beforeEach(() => {
    lines.length = 0;
    clock = new FakeClock();
    plain = new PlainLines((line) => lines.push(line), clock);
  });
  const pass = async (ms: number): Promise<void> => {
    const end = clock.monotonic() + ms;
    while (clock.monotonic() < end) await clock.sleep(1_000);
  };
  const emit = (event: Omit<ReportEvent, 'at'> | object): void =>
    plain.emit({ at: clock.now(), ...event } as ReportEvent);

  it('a look at hosts and clouds before there are steps is told of every 30 seconds, and not while somebody is asked', async () => {
    emit({ type: 'looking', text: 'looking at Bare metal and the cluster' });
    await pass(65_000);
    plain.asked();
    await pass(120_000);
    plain.close();
    expect(lines).toEqual([
      'looking at Bare metal and the cluster …',
      '… looking at Bare metal and the cluster (30.0 s)',
      '… looking at Bare metal and the cluster (1 min 0 s)',
    ]);
  });

  it('each step at work has its own 30 seconds, whatever kind it is and however often it tells of itself', async () => {
    const phases = ['Create machines', 'Prepare hosts', 'Join workers', 'Install components', 'Remove machines'];
    const steps = phases.map((phase) => step(phase, { phase, text: `${phase}, which takes long` }));
    emit({ type: 'operation-started', operation: 'cluster apply', cluster: 'demo', steps });
    for (const { id } of steps) {
      emit({ type: 'step-started', id });
      await pass(7_000);
    }
    for (let second = 0; second < 90; second += 1) {
      for (const { id } of steps) emit({ type: 'step-progress', id, text: `second ${second} of ${id}` });
      await pass(1_000);
    }
    plain.close();
    for (const { id } of steps) {
      const times = lines.flatMap((line) =>
        line.includes(`  ${id}  …`) ? [Number(/\+([\d.]+)s/.exec(line)![1])] : [],
      );
      expect(times.length).toBeGreaterThanOrEqual(3);
      for (const [index, time] of times.entries())
        if (index > 0) expect(time - times[index - 1]!).toBeGreaterThanOrEqual(30);
    }
  });

  it('a second operation is followed like the first', async () => {
    for (const operation of ['first', 'second']) {
      emit({ type: 'operation-started', operation, cluster: 'demo', steps: [step(operation)] });
      emit({ type: 'step-started', id: operation });
      await pass(31_000);
      emit({ type: 'step-done', id: operation, ms: 31_000 });
      emit({ type: 'operation-finished', outcome: 'done', ms: 31_000 });
    }
    expect(lines.filter((line) => line.includes('…') && line.includes('+30.0s'))).toHaveLength(2);
  });
});

describe('the last word of a program that is made to leave', () => {
  it('gives a terminal its cursor back and says how to go on', () => {
    const written: string[] = [];
    const stderr = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) > 0 });
    leaveAtOnce(stderr(true), 'slipway cluster apply demo');
    expect(written.join('')).toContain('\u001b[?25h');
    expect(written.join('')).toContain('Run it again to go on from here: slipway cluster apply demo');
    written.length = 0;
    leaveAtOnce(stderr(false), 'slipway cluster apply demo');
    expect(written.join('')).not.toContain('\u001b');
  });
});

describe('a question', () => {
  const asking = (more: Partial<Asking> = {}): Asking => ({
    interactive: false,
    yes: false,
    confirmName: undefined,
    write: () => {},
    ...more,
  });
  const deletion = {
    question: 'Delete demo?',
    details: ['machine demo-cp-1'],
    typed: 'demo',
    flags: '--yes --confirm demo',
  };

  it('is refused without a terminal, naming the flags and what would be lost', async () => {
    await expect(confirm(asking(), deletion)).rejects.toMatchObject({
      code: 'CONFIRMATION_NEEDED',
      hint: 'Answer it with --yes --confirm demo.',
      details: ['machine demo-cp-1'],
    });
    await expect(confirm(asking({ yes: true }), deletion)).rejects.toMatchObject({ code: 'CONFIRMATION_NEEDED' });
  });

  it('is answered by its flags, and not by another name', async () => {
    await expect(confirm(asking({ yes: true, confirmName: 'demo' }), deletion)).resolves.toBeUndefined();
    await expect(confirm(asking({ yes: true, confirmName: 'prod' }), deletion)).rejects.toMatchObject({
      code: 'CONFIRMATION_MISMATCH',
    });
  });

  it('that can do no harm counts as answered where nobody is', async () => {
    await expect(
      confirm(asking(), { question: 'Create?', details: [], flags: '--yes', harmless: true }),
    ).resolves.toBeUndefined();
    expect(new DeclinedError('no', { code: 'DECLINED' }).exitCode).toBe(6);
  });
});

it.each([
  [['cluster', 'creat', 'demo'], { id: 'cluster:create', rest: ['demo'] }],
  [['clster', 'list'], { id: 'cluster:list', rest: [] }],
  [['quite', 'different'], undefined],
])('%j is nearest to %j', (words, expected) => {
  expect(nearest(words, ['cluster:create', 'cluster:list', 'pool:scale', 'schema'])).toEqual(expected);
});
