import { describe, expect, it } from 'vitest';

import { diffMachine, type OutdatedMachine } from '../../src/domain/index.js';
import { outdatedLines, renderPlan } from '../../src/ui/index.js';

const outdated = (slot: string, ...diff: Parameters<typeof diffMachine>): OutdatedMachine => ({
  machine: `demo-${slot}-abc123`,
  slot,
  pool: 'web',
  role: 'worker',
  needs: [],
  ...diffMachine(...diff),
});

describe('machines that differ from the file', () => {
  it('are a line for each remedy, with both values', () => {
    expect(
      outdatedLines([
        outdated(
          'web-1',
          { version: 'v1.36.5+k3s1', types: ['cax31', 'cax41'], locations: ['nbg1'] },
          { version: 'v1.35.0+k3s1', type: 'cax21', location: 'fsn1' },
        ),
        outdated('web-10', { version: 'v1.37.0+k3s1' }, { version: 'v1.34.1+k3s1' }),
        outdated('web-2', { version: 'v1.35.0+k3s1' }, { version: 'v1.36.5+k3s1' }),
      ]),
    ).toEqual([
      'web-1   Kubernetes v1.35.0+k3s1 → v1.36.5+k3s1: needs cluster upgrade',
      'web-1   machine type cax21 → cax31 or cax41, location fsn1 → nbg1: needs cluster recycle',
      'web-10  Kubernetes v1.34.1+k3s1 → v1.37.0+k3s1 by way of v1.35 and v1.36: needs cluster upgrade',
      'web-2   Kubernetes v1.36.5+k3s1 → v1.35.0+k3s1: not possible, Kubernetes does not go back to an older release',
    ]);
  });

  it('are told what apply does in a rollout of its own, and what nothing does', () => {
    const both = outdated('cp-1', { config: 'b', fixed: 'pods c' }, { config: 'a', fixed: 'pods d' });
    expect(outdatedLines([both])).toEqual([
      'cp-1  configuration a → b: needs cluster apply',
      'cp-1  configuration pods d → pods c: not possible, the nodes of a cluster agree in it from the first on',
    ]);
    expect(renderPlan([], [both])).toMatch(/^Not changed\n/);
  });

  it('are part of a plan, which then never says that there is nothing to do', () => {
    const machine = outdated('web-1', { types: ['cax41'] }, { type: 'cax21' });
    const step = { id: 'a', phase: 'Create machines', target: 'web-2', text: 'create cax41 in fsn1', needs: [] };
    expect(renderPlan([], [machine])).toBe(
      [
        'Not changed by apply',
        '  ! web-1  machine type cax21 → cax41: needs cluster recycle',
        '',
        'No steps; 1 machine differs from the file and would be left as it is.',
      ].join('\n'),
    );
    expect(renderPlan([step], [machine, machine]).split('\n').at(-1)).toBe(
      '1 step: 1 to add, 0 to change, 0 to remove; 2 machines differ from the file and would be left as they are.',
    );
  });

  it('are beside machines that cannot be started, with what to do', () => {
    const because = 'would run Kubernetes v1.36.5+k3s1, which does not work with servers that run v1.35.0+k3s1';
    const unfit = { machine: 'demo-web-2-x7k2p', slot: 'web-2', pool: 'web', role: 'worker', because } as const;
    expect(renderPlan([], [], [{ ...unfit, hint: 'Bring the servers to v1.36.5+k3s1 first.' }])).toBe(
      ['Not changed by apply', `  ! web-2  ${because}. Bring the servers to v1.36.5+k3s1 first.`, '', 'No steps.'].join(
        '\n',
      ),
    );
  });

  it('cannot end a line or hide one by a name from outside', () => {
    const [line] = outdatedLines([outdated('web-1', { types: ['cax41'] }, { type: 'cax\n\u001b[2K21' })]);
    expect(line).not.toContain('\n');
    expect(line).not.toContain('\u001b');
  });
});
