import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  fitsServers,
  isNewer,
  nodesAtOnce,
  parseUpgradeTarget,
  parseVersion,
  type UpgradeNode,
  upgradeStages,
} from '../../src/domain/index.js';

describe('what an upgrade is asked to end at', () => {
  it.each([
    ['v1.36.5+k3s1', { kind: 'release', version: 'v1.36.5+k3s1' }],
    ['stable', { kind: 'channel', channel: 'stable' }],
    ['v1.37', { kind: 'channel', channel: 'v1.37' }],
    ['latest', undefined],
    ['1.36', undefined],
    ['v1.36.5+', undefined],
  ])('%s is %o', (text, target) => {
    expect(parseUpgradeTarget(text)).toEqual(target);
  });
});

const node = (name: string, version: string): UpgradeNode => ({
  name,
  role: name.startsWith('cp') ? 'control-plane' : 'worker',
  version,
});
const names = (nodes: readonly UpgradeNode[], stops: readonly string[]) =>
  upgradeStages(nodes, stops).map(({ to, servers, workers }) => [
    to,
    servers.map(({ name }) => name).join(' '),
    workers.map(({ name }) => name).join(' '),
  ]);

describe('what is upgraded when', () => {
  const stops = ['v1.35.9+k3s1', 'v1.36.5+k3s1'];

  it('are servers at each stop, and workers once, at the last', () => {
    expect(names([node('cp-1', 'v1.34.2+k3s1'), node('web-1', 'v1.34.2+k3s1')], stops)).toEqual([
      ['v1.35.9+k3s1', 'cp-1', ''],
      ['v1.36.5+k3s1', 'cp-1', 'web-1'],
    ]);
  });

  it('goes on where an earlier run ended: what has a release already is left', () => {
    const left = [node('cp-1', 'v1.36.5+k3s1'), node('cp-2', 'v1.35.9+k3s1'), node('web-1', 'v1.34.2+k3s1')];
    expect(names(left, stops)).toEqual([
      ['v1.35.9+k3s1', '', ''],
      ['v1.36.5+k3s1', 'cp-2', 'web-1'],
    ]);
  });

  it('takes workers along on the way that would be too far behind the servers', () => {
    const far = ['v1.35.1+k3s1', 'v1.36.1+k3s1', 'v1.37.1+k3s1', 'v1.38.1+k3s1'];
    expect(names([node('cp-1', 'v1.34.2+k3s1'), node('web-1', 'v1.34.2+k3s1')], far)).toEqual([
      ['v1.35.1+k3s1', 'cp-1', ''],
      ['v1.36.1+k3s1', 'cp-1', ''],
      ['v1.37.1+k3s1', 'cp-1', 'web-1'],
      ['v1.38.1+k3s1', 'cp-1', 'web-1'],
    ]);
  });

  it('never leaves a node that does not work with the servers, wherever nodes are and however often it is interrupted', () => {
    const minor = fc.integer({ min: 34, max: 36 });
    fc.assert(
      fc.property(
        minor,
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 6 }),
        fc.nat(5),
        (from, behind, many) => {
          const release = (of: number): string => `v1.${of}.1+k3s1`;
          let nodes = [
            node('cp-1', release(from)),
            node('cp-2', release(from)),
            ...behind.map((by, index) => node(`web-${index}`, release(from - by))),
          ];
          const way = Array.from({ length: many }, (_, index) => release(from + 1 + index));
          for (const { to, servers, workers } of upgradeStages(nodes, way)) {
            for (const changed of [...servers, ...workers]) {
              nodes = nodes.map((one) => (one.name === changed.name ? { ...one, version: to } : one));
              const running = nodes.filter(({ role }) => role === 'control-plane').map(({ version }) => version);
              for (const { role, version } of nodes)
                if (role === 'worker') expect(fitsServers('node', version, running)).toBe(true);
            }
          }
          const last = way.at(-1);
          if (last !== undefined) expect(nodes.every(({ version }) => !isNewer(last, version))).toBe(true);
          expect(nodes.every(({ version }) => parseVersion(version))).toBe(true);
        },
      ),
    );
  });
});

describe('how many nodes may be down at once', () => {
  it.each([
    ['10%', 5, 1],
    ['10%', 39, 3],
    ['50%', 5, 2],
    ['100%', 3, 3],
    ['3', 100, 3],
    ['0', 5, undefined],
    ['0%', 5, undefined],
    ['101%', 5, undefined],
    ['many', 5, undefined],
  ])('%s of %i is %s', (text, nodes, count) => {
    expect(nodesAtOnce(text, nodes)).toBe(count);
  });
});
