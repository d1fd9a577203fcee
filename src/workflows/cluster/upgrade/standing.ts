import { isBroughtByUpgrade, isSameMinor, lowestVersion, plural } from '../../../domain/index.js';
import type { ClusterFacts } from '../../../phases/context.js';
import type { ClusterRecord } from '../../../workspace/types.js';

/**
 * Where an upgrade stands that was begun, or what one would do that the file asks for; nothing where neither is.
 * @param isRunning whether a run works on the cluster now
 */
export function upgradeRemarks(
  { name, upgrade }: Pick<ClusterRecord, 'name' | 'upgrade'>,
  asked: string,
  { machines, nodes, outdated }: Pick<ClusterFacts, 'machines' | 'nodes' | 'outdated'>,
  isRunning: boolean,
): readonly string[] {
  const versions = (role: 'control-plane' | 'worker'): readonly string[] =>
    machines.flatMap((machine) => (machine.role === role ? (nodes?.get(machine.name)?.version ?? []) : []));
  const servers = versions('control-plane');
  if (upgrade) {
    if (isRunning) return [];
    const to = upgrade.stops.at(-1)!;
    const done = (all: readonly string[]): string =>
      `${all.filter((version) => version === to).length} of ${all.length}`;
    const from = upgrade.asked === to ? '' : `, which ${upgrade.asked} was then,`;
    return [
      `An upgrade to ${to}${from} was stopped: ${done(servers)} servers and ${done(versions('worker'))} workers run it. Go on: slipway cluster upgrade ${name} --to ${upgrade.asked}`,
    ];
  }
  const behind = outdated.filter(isBroughtByUpgrade);
  const current = lowestVersion(servers);
  if (behind.length === 0 || current === undefined) return [];
  const count = (role: string, what: string): string[] => {
    const found = behind.filter((machine) => machine.role === role).length;
    return found === 0 ? [] : [plural(found, what)];
  };
  const groups = [...count('control-plane', 'server'), ...count('worker', 'worker')].join(', then ');
  const how = isSameMinor(current, asked) ? 'pods run on' : 'the pods of each move first';
  return [
    `An upgrade to ${asked} would change ${groups}; ${how}. See every step: slipway cluster upgrade ${name} --to ${asked} --dry-run`,
  ];
}
