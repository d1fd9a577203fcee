import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type Machine,
  planRecycle,
  quorum,
  type RecycleBudgets,
  type RecycleCandidate,
  type RecycleIntent,
  type RecycleNode,
  type RecycleScope,
  roundOf,
  scopeText,
  selectForRecycle,
  slotLabel,
} from '../../src/domain/index.js';

const time = (at: number): string => new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString();
const candidate = (
  slot: string,
  joinedAt: number | undefined,
  outdated = false,
  holdsAddress = false,
): RecycleCandidate => {
  const [pool, number] = slot.split('-') as [string, string];
  return {
    name: `demo-${slot}`,
    pool,
    role: pool === 'cp' ? 'control-plane' : 'worker',
    slot: Number(number),
    joinedAt: joinedAt === undefined ? undefined : time(joinedAt),
    outdated,
    holdsAddress,
  };
};
const all: RecycleScope = { kind: 'all' };
const slots = (found: readonly RecycleCandidate[]): string => found.map(slotLabel).join(' ');

describe('which nodes a recycle replaces', () => {
  const nodes = [
    candidate('web-2', 5),
    candidate('cp-1', 1),
    candidate('web-1', 4, true),
    candidate('cp-2', 2),
    candidate('batch-1', undefined),
  ];

  it.each<[string, RecycleScope, string]>([
    ['all that have joined, servers before workers and the first server last of them', all, 'cp-2 cp-1 web-1 web-2'],
    ['those that nothing else brings up to date', { kind: 'outdated' }, 'web-1'],
    ['those of a pool', { kind: 'pool', pool: 'web' }, 'web-1 web-2'],
    ['the servers, as the pool cp', { kind: 'pool', pool: 'cp' }, 'cp-2 cp-1'],
    ['those that are named by node or by place', { kind: 'nodes', nodes: ['demo-web-2', 'cp-1'] }, 'cp-1 web-2'],
  ])('%s', (_, scope, expected) => {
    expect(slots(selectForRecycle(nodes, scope, undefined).targets)).toBe(expected);
  });

  it('takes the server that holds the API’s address last of the servers', () => {
    const servers = [candidate('cp-1', 1), candidate('cp-2', 2, false, true), candidate('cp-3', 3)];
    expect(slots(selectForRecycle(servers, all, undefined).targets)).toBe('cp-3 cp-1 cp-2');
  });

  it('leaves out what joined after an unfinished recycle of the same scope began', () => {
    const { intent } = selectForRecycle(nodes, all, undefined);
    expect(intent).toEqual({ scope: 'all', until: time(5) });
    const later = [candidate('cp-2', 9), candidate('cp-1', 1), candidate('web-1', 5)];
    expect(slots(selectForRecycle(later, all, intent).targets)).toBe('cp-1 web-1');
    const done = selectForRecycle([candidate('cp-1', 8)], all, intent);
    expect(done).toEqual({ targets: [], intent });
  });

  it('replaces everything anew once an earlier recycle was finished', () => {
    expect(slots(selectForRecycle([candidate('cp-1', 8)], all, undefined).targets)).toBe('cp-1');
  });

  it('is nothing in a scope without nodes', () => {
    const nobody = { targets: [], intent: undefined };
    expect(selectForRecycle([candidate('web-1', undefined)], all, undefined)).toEqual(nobody);
  });

  it('writes the same scope as the same text, as flags say it', () => {
    expect(scopeText({ kind: 'nodes', nodes: ['web-2', 'web-1', 'web-2'] })).toBe('--node web-1 --node web-2');
    expect(scopeText({ kind: 'pool', pool: 'web' })).toBe('--pool web');
  });
});

const old = (...names: readonly string[]): RecycleNode[] =>
  names.map((name) => ({ name: name.replace('!', ''), up: !name.startsWith('!'), successor: `${name}'` }));
const stays = (...names: readonly string[]): RecycleNode[] =>
  names.map((name) => ({ name: name.replace('!', ''), up: !name.startsWith('!') }));
const voting = (nodes: readonly RecycleNode[]) => nodes.map(({ name, up }) => ({ name, voting: up }));
const budgets = (more: Partial<RecycleBudgets> = {}): RecycleBudgets => ({
  serverFirst: true,
  workers: { maxSurge: 1, maxUnavailable: 0 },
  ...more,
});
const plan = (servers: readonly RecycleNode[], workers: readonly RecycleNode[], more?: Partial<RecycleBudgets>) => {
  const { waves, blocked } = planRecycle({ servers, workers, members: voting(servers) }, budgets(more));
  return blocked?.because ?? waves.map(({ tasks }) => tasks.map(({ name }) => name).join(' ')).join(', ');
};

describe('the waves of a recycle', () => {
  it('take servers one at a time, whatever the budget, and workers after them', () => {
    const workers = { maxSurge: 2, maxUnavailable: 0 };
    expect(plan(old('c', 'b', 'a'), old('x', 'y', 'z'), { workers })).toBe('c, b, a, x y, z');
  });

  it('replace a server without a fresh one first while the others keep the quorum', () => {
    expect(plan(old('c', 'b', 'a'), [], { serverFirst: false })).toBe('c, b, a');
    expect(plan(old('b', 'a'), [], { serverFirst: false })).toBe('b, a');
  });

  it('replace the only server by a fresh one that comes first', () => {
    const { waves } = planRecycle({ servers: old('a'), workers: old('x'), members: voting(old('a')) }, budgets());
    expect(waves.map(({ tasks }) => tasks.map(({ name, successor }) => [name, successor]))).toEqual([
      [['a', { name: "a'", first: true }]],
      [['x', { name: "x'", first: true }]],
    ]);
  });

  it.each<[string, readonly RecycleNode[], readonly RecycleNode[], Partial<RecycleBudgets>, RegExp]>([
    [
      'the only server where no fresh one may come first',
      old('a'),
      [],
      { serverFirst: false },
      /^a is the only server/,
    ],
    [
      'a server that leaves first while another is down',
      [...old('c', 'b'), ...stays('!a')],
      [],
      { serverFirst: false },
      /^Taking away c would leave 1 of 2 servers voting/,
    ],
    [
      'workers that nobody may miss and nobody comes for',
      stays('a'),
      old('x'),
      { workers: { maxSurge: 0, maxUnavailable: 0 } },
      /lets no node be down/,
    ],
    [
      'a worker that leaves first while another is down',
      stays('a'),
      [...old('x'), ...stays('!y')],
      { workers: { maxSurge: 0, maxUnavailable: 1 } },
      /^y is down/,
    ],
  ])('are refused for %s', (_, servers, workers, more, because) => {
    expect(plan(servers, workers, more)).toMatch(because);
  });
});

interface SimulatedMachine extends RecycleCandidate {
  readonly generation: number;
  up: boolean;
  joinedAt: string | undefined;
}

class Interrupted extends Error {}

/** A cluster in which every step takes effect or the run is cut off before it, and where only what is there can be seen. */
class Simulation {
  machines: SimulatedMachine[];
  readonly members = new Set<string>();
  intent: RecycleIntent | undefined;
  /** Times a slot's machine was replaced. */
  readonly replaced = new Map<string, number>();
  #clock = 10;
  readonly #slots: readonly { readonly pool: string; readonly slot: number }[];

  constructor(
    servers: number,
    workers: number,
    private readonly budgets: RecycleBudgets,
    private readonly strikes: () => boolean,
  ) {
    this.#slots = [
      ...Array.from({ length: servers }, (_, at) => ({ pool: 'cp', slot: at + 1 })),
      ...Array.from({ length: workers }, (_, at) => ({ pool: 'web', slot: at + 1 })),
    ];
    this.machines = this.#slots.map(({ pool, slot }, at) => this.#machine(pool, slot, 1, time(at)));
    for (const { name, role } of this.machines) if (role === 'control-plane') this.members.add(name);
  }

  /** One run of the command; true when it came to its end. */
  run(scope: RecycleScope): boolean {
    try {
      let intent: RecycleIntent | undefined;
      for (;;) {
        if (this.#finishBegun()) continue;
        const selection = selectForRecycle(this.machines, scope, intent ?? this.intent);
        intent = selection.intent;
        if (selection.targets.length === 0) break;
        this.#round(selection.targets, intent);
      }
      this.#step(() => (this.intent = undefined));
      return true;
    } catch (error) {
      if (error instanceof Interrupted) return false;
      throw error;
    }
  }

  #round(targets: readonly RecycleCandidate[], intent: RecycleIntent | undefined): void {
    const nodesOf = (role: Machine['role']): RecycleNode[] => {
      const order = (name: string): number => (targets.findIndex((one) => one.name === name) + 99) % 99;
      return this.machines
        .filter((machine) => machine.role === role)
        .sort((a, b) => order(a.name) - order(b.name))
        .map(({ name, up }) => ({
          name,
          up,
          successor: targets.some((one) => one.name === name) ? `${name}'` : undefined,
        }));
    };
    const members = [...this.members].map((name) => ({ name, voting: this.#isUp(name) }));
    const state = { servers: nodesOf('control-plane'), workers: nodesOf('worker'), members };
    const { waves, blocked } = planRecycle(state, this.budgets);
    if (waves[0] === undefined) throw new Error(`blocked: ${blocked?.because}`);
    const round = roundOf(waves[0]);
    this.#step(() => (this.intent = intent));
    for (const name of round.replacing) {
      const machine = this.machines.find((one) => one.name === name)!;
      if (!round.leavingFirst.has(name)) this.#arrive(machine.pool, machine.slot, machine.generation + 1);
      this.#leave(machine);
    }
  }

  /** As `cluster apply` would: the younger machine of a place stays, and an empty place gets one. */
  #finishBegun(): boolean {
    for (const { pool, slot } of this.#slots) {
      const there = this.machines.filter((one) => one.pool === pool && one.slot === slot);
      const youngest = there.sort((a, b) => b.generation - a.generation)[0];
      if (!youngest?.up) this.#arrive(pool, slot, youngest?.generation ?? 1);
      else if (there.length > 1) this.#leave(there[1]!);
      else continue;
      return true;
    }
    return false;
  }

  #arrive(pool: string, slot: number, generation: number): void {
    const existing = this.machines.find(
      (one) => one.pool === pool && one.slot === slot && one.generation === generation,
    );
    const machine = existing ?? this.#machine(pool, slot, generation, undefined);
    if (!existing) this.#step(() => this.machines.push({ ...machine, up: false }));
    this.#step(() => {
      const there = this.machines.find(({ name }) => name === machine.name)!;
      there.up = true;
      there.joinedAt = time((this.#clock += 1));
      if (there.role === 'control-plane') this.members.add(there.name);
    });
  }

  #leave({ name, pool, slot }: SimulatedMachine): void {
    this.#step(() => this.members.delete(name));
    this.#step(() => {
      this.machines = this.machines.filter((one) => one.name !== name);
      const key = slotLabel({ pool, slot });
      this.replaced.set(key, (this.replaced.get(key) ?? 0) + 1);
    });
  }

  #machine(pool: string, slot: number, generation: number, joinedAt: string | undefined): SimulatedMachine {
    const role = pool === 'cp' ? ('control-plane' as const) : ('worker' as const);
    const name = `${pool}-${slot}-${generation}`;
    return { name, pool, slot, role, generation, up: true, joinedAt, outdated: false, holdsAddress: false };
  }

  #isUp = (name: string): boolean => this.machines.some((machine) => machine.name === name && machine.up);

  #step(effect: () => unknown): void {
    if (this.strikes()) throw new Interrupted();
    effect();
    const votes = [...this.members].filter(this.#isUp).length;
    if (votes < quorum(this.members.size)) throw new Error('the quorum is lost');
    for (const [pool, surge, missing] of [
      ['cp', 1, this.budgets.serverFirst ? 0 : 1],
      ['web', this.budgets.workers.maxSurge, this.budgets.workers.maxUnavailable],
    ] as const) {
      const places = this.#slots.filter((one) => one.pool === pool).length;
      const own = this.machines.filter((one) => one.pool === pool);
      if (own.length > places + surge) throw new Error(`${own.length} machines in ${places} places of ${pool}`);
      if (own.filter(({ up }) => up).length < places - missing) throw new Error(`too few of ${pool} are up`);
    }
  }
}

describe('a recycle that is cut off anywhere, any number of times', () => {
  const sizes = fc.record({
    servers: fc.constantFrom(3, 5),
    workers: fc.integer({ min: 0, max: 6 }),
    serverFirst: fc.boolean(),
    maxSurge: fc.integer({ min: 0, max: 3 }),
    maxUnavailable: fc.integer({ min: 0, max: 3 }),
    scope: fc.constantFrom<RecycleScope>(all, { kind: 'pool', pool: 'web' }, { kind: 'pool', pool: 'cp' }),
    strikes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 }),
  });

  it('replaces each node of its scope once, never costs the quorum, and keeps within its budget', () => {
    fc.assert(
      fc.property(sizes, ({ servers, workers, serverFirst, maxSurge, maxUnavailable, scope, strikes }) => {
        fc.pre(maxSurge + maxUnavailable > 0);
        const left = [...strikes];
        let steps = left.shift() ?? Infinity;
        const simulation = new Simulation(
          servers,
          workers,
          { serverFirst, workers: { maxSurge, maxUnavailable } },
          () => {
            steps -= 1;
            if (steps > 0) return false;
            steps = left.shift() ?? Infinity;
            return true;
          },
        );
        for (let run = 0; !simulation.run(scope); run += 1) expect(run).toBeLessThanOrEqual(strikes.length);
        const inScope = [
          ...(scope.kind === 'pool' && scope.pool === 'web'
            ? []
            : Array.from({ length: servers }, (_, at) => `cp-${at + 1}`)),
          ...(scope.kind === 'pool' && scope.pool === 'cp'
            ? []
            : Array.from({ length: workers }, (_, at) => `web-${at + 1}`)),
        ];
        expect([...simulation.replaced].sort()).toEqual(inScope.map((slot) => [slot, 1]).sort());
        expect(simulation.machines).toHaveLength(servers + workers);
        expect(simulation.members.size).toBe(servers);
        expect(simulation.intent).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
