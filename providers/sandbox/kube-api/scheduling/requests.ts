import type { Obj } from '../objects.js';
import { amountOf } from './quantity.js';

/** Amounts by resource: cpu in thousandths, memory in bytes. */
export type Amounts = Readonly<Record<string, number>>;

interface Requirements {
  readonly requests?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

interface Container {
  readonly resources?: Requirements;
  readonly restartPolicy?: string;
}

interface Spec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly overhead?: Readonly<Record<string, unknown>>;
  readonly resources?: Requirements;
}

const amounts = (quantities: Readonly<Record<string, unknown>> = {}): Amounts =>
  Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, amountOf(name, quantity)]));

/** A request that is left out is the limit. */
const asked = ({ requests, limits }: Requirements = {}): Amounts => amounts({ ...limits, ...requests });

function combined(a: Amounts, b: Amounts, how: (a: number, b: number) => number): Amounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, how(a[name] ?? 0, b[name] ?? 0)]));
}

export const sum = (all: readonly Amounts[]): Amounts =>
  all.reduce((total, one) => combined(total, one, (a, b) => a + b), {});

/**
 * What a pod takes of its node: its containers and sidecars together, or the step of its beginning that takes more,
 * and what running it at all costs. What is asked for the pod as a whole counts instead of its parts.
 */
export function requestsOf(pod: Obj): Amounts {
  const { containers = [], initContainers = [], overhead, resources } = (pod.spec ?? {}) as Spec;
  const sidecars: Amounts[] = [];
  let peak: Amounts = {};
  for (const container of initContainers) {
    const own = asked(container.resources);
    if (container.restartPolicy === 'Always') sidecars.push(own);
    const now = sum(container.restartPolicy === 'Always' ? sidecars : [...sidecars, own]);
    peak = combined(peak, now, Math.max);
  }
  const running = sum([...sidecars, ...containers.map((container) => asked(container.resources))]);
  return sum([{ ...combined(running, peak, Math.max), ...asked(resources) }, amounts(overhead)]);
}

/**
 * Which resources of a node do not suffice, in the scheduler's words. A node that never told what it has refuses
 * nothing.
 */
export function lacks(pod: Obj, node: Obj, others: readonly Obj[]): readonly string[] {
  const allocatable = node.status?.['allocatable'] as Readonly<Record<string, unknown>> | undefined;
  if (!allocatable) return [];
  const has = (name: string): number => amountOf(name, allocatable[name]);
  const used = sum(others.map(requestsOf));
  const tooMany = allocatable['pods'] !== undefined && others.length + 1 > has('pods');
  return [
    ...(tooMany ? ['Too many pods'] : []),
    ...Object.entries(requestsOf(pod))
      .filter(([name, amount]) => amount > 0 && amount + (used[name] ?? 0) > has(name))
      .map(([name]) => `Insufficient ${name}`),
  ];
}
