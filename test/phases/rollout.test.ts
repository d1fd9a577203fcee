import { describe, expect, it } from 'vitest';

import { cordonedAnnotation, planRollout, type RolloutNode, type RolloutState } from '../../src/domain/index.js';
import { runSteps, type Step, type StepContext } from '../../src/engine/index.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { NodeFacts, NodePatch } from '../../src/kube/types.js';
import type { ClusterApi } from '../../src/phases/context.js';
import { cordon, rolloutSteps, uncordon } from '../../src/phases/rollout.js';
import { FakeClock } from '../support/fake-clock.js';
import { RecordingReporter } from '../support/recording-reporter.js';

const budget = { maxUnavailable: 0, maxSurge: 2, canary: 0, soakMs: 0 };

/** Five machines leave in waves of two, beside one that stays; what is done is written down. */
class World {
  readonly did: string[] = [];
  readonly clock = new FakeClock();
  readonly reporter = new RecordingReporter();
  /** One that cannot leave. */
  held: string | undefined;
  /** Called after each that has left. */
  onLeft: (name: string) => void = () => {};
  stays: RolloutNode = { name: 'stays', work: 'stay', up: true };
  #leaving = ['w1', 'w2', 'w3', 'w4', 'w5'];

  state(): RolloutState {
    const leaving = this.#leaving.map((name): RolloutNode => ({ name, work: 'remove', up: true }));
    return { nodes: [this.stays, ...leaving], members: undefined };
  }

  steps(soakMs = 0, stopsAtFailure = false): readonly Step[] {
    const own = { ...budget, soakMs };
    return rolloutSteps(planRollout(this.state().nodes, own), this.state(), {
      phase: 'Remove machines',
      target: 'workers',
      cluster: 'demo',
      budget: own,
      clock: this.clock,
      step: ({ name }, needs) => ({
        ...this.#info(`remove:${name}`, needs),
        apply: async () => {
          if (name === this.held) throw new IncompleteError('held', { code: 'DRAIN_TIMEOUT' });
          this.#leaving = this.#leaving.filter((other) => other !== name);
          this.did.push(name);
          this.onLeft(name);
        },
      }),
      cordon: ({ name }) => ({
        ...this.#info(`cordon:${name}`, []),
        apply: async () => void this.did.push(`cordon ${name}`),
        putBack: async () => void this.did.push(`uncordon ${name}`),
      }),
      look: () => Promise.resolve(this.state()),
      stopsAtFailure,
    });
  }

  run(steps = this.steps()) {
    const signal = new AbortController().signal;
    return runSteps(steps, { reporter: this.reporter, clock: this.clock, signal, limits: {} });
  }

  #info = (id: string, needs: readonly Step[]) => ({ id, phase: 'Remove machines', target: id, text: id, needs });
}

describe('the steps of a rollout', () => {
  it('do one wave after another, and keep new pods off the nodes of later ones from the first', async () => {
    const world = new World();
    expect((await world.run()).failures).toEqual([]);
    const cordons = ['cordon w3', 'cordon w4', 'cordon w5'];
    expect(world.did).toEqual([...cordons, 'w1', 'w2', 'w3', 'w4', 'w5']);
  });

  it('stop where another node stays down, say so, and let the rest take pods again', async () => {
    const world = new World();
    world.onLeft = (name) => void (name === 'w2' && (world.stays = { ...world.stays, up: false }));
    const { failures, skipped } = await world.run();
    expect(failures.map(({ error }) => `${error.code}: ${error.message}`)).toEqual([
      'ROLLOUT_STOPPED: stays is down. So nothing was begun with w3, w4.',
    ]);
    expect(failures[0]?.error.hint).toContain('slipway cluster status demo');
    expect(skipped.map(({ id }) => id)).toEqual(['remove:w3', 'remove:w4', 'gate:workers:2', 'remove:w5']);
    expect(world.did.slice(3)).toEqual(['w1', 'w2', 'uncordon w5', 'uncordon w4', 'uncordon w3']);
  });

  it('go on once a node that went down is up again', async () => {
    const world = new World();
    world.onLeft = (name) => {
      if (name !== 'w2') return;
      world.stays = { ...world.stays, up: false };
      void world.clock.sleep(30_000).then(() => (world.stays = { ...world.stays, up: true }));
    };
    expect((await world.run()).failures).toEqual([]);
    expect(world.did.slice(-1)).toEqual(['w5']);
    const said = world.reporter.events.flatMap((event) => (event.type === 'step-progress' ? [event.text] : []));
    expect(said).toContain('waiting: stays is down.');
  });

  it('go on beside a machine that could not be removed', async () => {
    const world = new World();
    world.held = 'w1';
    const { failures, skipped } = await world.run();
    expect(failures.map(({ step }) => step.id)).toEqual(['remove:w1']);
    expect(skipped).toEqual([]);
    expect(world.did.slice(3)).toEqual(['w2', 'w3', 'w4', 'w5']);
  });

  it('begin nothing after a failure where they are told so, and let the rest take pods again', async () => {
    const world = new World();
    world.held = 'w1';
    const { failures, skipped } = await world.run(world.steps(0, true));
    expect(failures.map(({ step }) => step.id)).toEqual(['remove:w1']);
    expect(skipped.map(({ id }) => id)).toEqual([
      'gate:workers:1',
      'remove:w3',
      'remove:w4',
      'gate:workers:2',
      'remove:w5',
    ]);
    expect(world.did.slice(3)).toEqual(['w2', 'uncordon w5', 'uncordon w4', 'uncordon w3']);
  });

  it('watch each wave for as long as they were told before the next', async () => {
    const world = new World();
    const began = world.clock.monotonic();
    expect((await world.run(world.steps(60_000))).failures).toEqual([]);
    expect(world.clock.monotonic() - began).toBe(120_000);
  });
});

describe('a node that is cordoned for later', () => {
  const run = { signal: new AbortController().signal } as StepContext;
  const patches = async (
    act: typeof cordon | typeof uncordon,
    node: Partial<NodeFacts> | undefined,
  ): Promise<readonly NodePatch[]> => {
    const made: NodePatch[] = [];
    const kube = {
      nodes: () => Promise.resolve(node ? [{ name: 'w1', schedulable: true, annotations: {}, ...node }] : []),
      patchNode: (_: string, patch: NodePatch) => Promise.resolve(void made.push(patch)),
    };
    await act({ kube } as unknown as ClusterApi, 'w1', run);
    return made;
  };
  const ours = { [cordonedAnnotation]: 'rollout' };

  it('carries a mark, by which it is known when it is uncordoned', async () => {
    expect(await patches(cordon, {})).toEqual([{ unschedulable: true, annotations: ours }]);
    expect(await patches(uncordon, { schedulable: false, annotations: ours })).toEqual([
      { unschedulable: false, annotations: { [cordonedAnnotation]: null } },
    ]);
  });

  it('is left alone where a person cordoned it, and where it has gone', async () => {
    for (const node of [{ schedulable: false }, undefined]) {
      expect(await patches(cordon, node)).toEqual([]);
      expect(await patches(uncordon, node)).toEqual([]);
    }
  });
});
