import type { Component } from './types.js';

/** Names of components that must be healthy before each, directly. */
export type WaitsFor = ReadonlyMap<string, readonly string[]>;

/** What names and capabilities lead to: the components among these that are called so or provide it. */
export function providersOf(capability: string, among: readonly Component[]): readonly Component[] {
  return among.filter(({ name, provides }) => name === capability || provides.includes(capability));
}

/**
 * Who waits for whom. Beside what components say: everything waits for what the provider requires, since nodes take no
 * pods before that, and who keeps volumes waits for whoever makes them.
 */
export function waitsFor(
  on: readonly Component[],
  needsOf: (component: Component) => readonly string[],
  required: readonly string[],
): WaitsFor {
  const said = new Map(
    on.map((component) => {
      const volumes = component.workloads.some(({ volume }) => volume !== undefined) ? ['storage'] : [];
      const before = [...needsOf(component), ...component.after, ...volumes].flatMap((capability) =>
        providersOf(capability, on).map(({ name }) => name),
      );
      return [component.name, before.filter((name) => name !== component.name)] as const;
    }),
  );
  const first = required.filter((name) => said.has(name));
  const early = new Set(first.flatMap((name) => [name, ...reachable(name, said)]));
  return new Map(
    [...said].map(([name, before]) => [name, [...new Set([...(early.has(name) ? [] : first), ...before])].sort()]),
  );
}

function reachable(from: string, edges: WaitsFor): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    for (const next of edges.get(name) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      visit(next);
    }
  };
  visit(from);
  return seen;
}

/** A circle of components that wait for each other, `[a, b, a]`; undefined when there is none. */
export function circle(edges: WaitsFor): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    if (done.has(name)) return undefined;
    for (const next of edges.get(name) ?? []) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of edges.keys()) {
    const found = visit(name, []);
    if (found) return found;
  }
  return undefined;
}

/** Names in an order in which they can be applied, by name where they may go at the same time. No circles. */
export function inOrder(edges: WaitsFor): readonly string[] {
  const left = new Set([...edges.keys()].sort());
  const order: string[] = [];
  while (left.size > 0) {
    const ready = [...left].filter((name) => !(edges.get(name) ?? []).some((before) => left.has(before)));
    if (ready.length === 0) throw new Error(`components wait for each other: ${[...left].join(', ')}`);
    for (const name of ready) left.delete(name);
    order.push(...ready);
  }
  return order;
}
