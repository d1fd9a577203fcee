import { fitsServers, isNewer, type Machine, type UpgradeNode } from '../../../domain/index.js';
import { isUpNode } from '../../../phases/is-up.js';
import { upgradingAnnotation } from '../../../phases/upgrade-marks.js';
import type { Problem } from '../../../provider/port.js';
import type { Observation } from '../observe.js';

/** Machines that are nodes, with what they run; not those that an earlier upgrade has set aside. */
export const nodesOf = ({ facts }: Observation): readonly UpgradeNode[] =>
  facts.machines.flatMap(({ name, role }) => {
    if (facts.comparison.held?.some((machine) => machine.name === name)) return [];
    const version = facts.nodes?.get(name)?.version;
    return version ? [{ name, role, version }] : [];
  });

/** Workers that are down and newer than a server: they can be started again once the servers are as new. */
export function aheadOfServers(seen: Observation): readonly Machine[] {
  const { facts, distribution } = seen;
  const servers = nodesOf(seen).filter(({ role }) => role === 'control-plane');
  return facts.machines.filter(({ name, role }) => {
    const node = facts.nodes?.get(name);
    if (role !== 'worker' || node === undefined || isUpNode(role, node, distribution)) return false;
    return servers.some(
      ({ version }) => isNewer(node.version, version) && !fitsServers('node', node.version, [version]),
    );
  });
}

/** A node that an earlier run was at work on may be down: it is where the upgrade goes on. So may one that waits for it. */
export function downProblems(cluster: string, seen: Observation, isReplacing = false): readonly Problem[] {
  const { facts, distribution } = seen;
  const waiting = aheadOfServers(seen);
  // Whose place it is to take is there still, of a run that was stopped.
  const hasFormer = ({ pool, slot }: Machine): boolean =>
    facts.comparison.excess.some(
      (one) => one.pool === pool && one.slot === slot && isUpNode(one.role, facts.nodes?.get(one.name), distribution),
    );
  const isDown = ({ name, role }: Machine): boolean => {
    const node = facts.nodes?.get(name);
    return !isUpNode(role, node, distribution) && node?.annotations[upgradingAnnotation] === undefined;
  };
  const down = facts.machines.filter(
    (machine) =>
      facts.comparison.current.includes(machine) &&
      !waiting.includes(machine) &&
      isDown(machine) &&
      !(isReplacing && hasFormer(machine)),
  );
  if (down.length === 0) return [];
  const names = down.map(({ name }) => name);
  return [
    {
      code: 'NODES_DOWN',
      kind: 'refused',
      message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} down, and an upgrade would take down more.`,
      details: down.map((machine) => `${machine.name}: ${whyDown(machine, facts.nodes?.get(machine.name))}`),
      hint: `Bring ${names.length === 1 ? 'it' : 'them'} back first, or have what is lost replaced: slipway cluster heal ${cluster}`,
    },
  ];
}

const whyDown = (
  { role }: Machine,
  node: { readonly ready: boolean; readonly notReadyBecause?: string | undefined } | undefined,
): string =>
  node === undefined
    ? 'is not in the cluster'
    : node.ready && role === 'control-plane'
      ? 'does not vote in etcd'
      : `is not Ready: ${node.notReadyBecause ?? 'unknown'}`;
