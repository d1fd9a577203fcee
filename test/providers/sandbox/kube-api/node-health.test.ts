import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { KubernetesServer, type Obj } from '../../../../providers/sandbox/kube-api/index.js';
import type { SandboxClock } from '../../../../providers/sandbox/types.js';
import { readyNode } from '../../../support/sandbox-kube.js';

const nodeLostMs = 40_000;

/** A clock whose process was held up: all that is due comes at once, and what was due last comes first. */
class HeldUpClock implements SandboxClock {
  #now = Date.parse('2026-11-20T10:00:00Z');
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  async goOnAfter(ms: number): Promise<void> {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).sort((a, b) => b.at - a.at);
    for (const timer of due) if (this.#timers.delete(timer)) timer.work();
    await turn();
  }
}

let clock: HeldUpClock;
let server: KubernetesServer;
beforeEach(() => {
  clock = new HeldUpClock();
  const pods = { podStartMs: 1_000, podStopMs: 1_000 };
  server = new KubernetesServer({ version: 'v1.36.5+k3s1', clock, ...pods, nodeLostMs, ids: randomUUID });
  server.start();
  server.store.create(server.store.resource('v1', 'Node'), readyNode('n1') as unknown as Obj);
});
afterEach(() => server.stop());

/** What a kubelet does: it says that it lives, again and again. */
function live(): void {
  clock.after(nodeLostMs / 4, live);
  server.nodeHeartbeat('n1');
}

const ready = (): string | undefined =>
  (
    server.store.get(server.store.resource('v1', 'Node'), '', 'n1').status!['conditions'] as Record<string, string>[]
  ).find(({ type }) => type === 'Ready')?.['status'];

describe('the health of a node', () => {
  it('does not suffer where the sandbox itself is held up, and heartbeat and patience are over at once', async () => {
    const said = new Set<string | undefined>();
    server.store.watch(({ resource }) => void (resource.plural === 'nodes' && said.add(ready())));
    live();
    await clock.goOnAfter(2 * nodeLostMs);
    await clock.goOnAfter(2 * nodeLostMs);
    expect(ready()).toBe('True');
    expect(said).not.toContain('Unknown');
  });

  it('is unknown once its kubelet has been silent for long enough', async () => {
    server.nodeHeartbeat('n1');
    await clock.goOnAfter(nodeLostMs - 1);
    expect(ready()).toBe('True');
    await clock.goOnAfter(1);
    expect(ready()).toBe('Unknown');
  });
});
