import { describe, expect, it } from 'vitest';

import type { Upgrades } from '../../../../src/distributions/upgrades.js';
import type { WorkflowContext } from '../../../../src/workflows/context.js';
import { type StopsInput, upgradeStopsFor } from '../../../../src/workflows/cluster/upgrade/stops.js';
import { RecordingReporter } from '../../../support/recording-reporter.js';

const known = new Map([
  ['stable', 'v1.36.5+k3s1'],
  ['v1.35', 'v1.35.9+k3s1'],
  ['v1.36', 'v1.36.6+k3s1'],
  ['v1.37', 'v1.37.1+k3s1'],
]);
const reporter = new RecordingReporter();
const context = {
  reporter,
  clock: { now: () => 0 },
  signal: new AbortController().signal,
} as unknown as WorkflowContext;

async function stops(asked: string, change: Partial<StopsInput> = {}) {
  let calls = 0;
  const upgrades = { channels: () => Promise.resolve((calls++, known)) } as unknown as Upgrades;
  const servers = change.servers ?? ['v1.35.5+k3s1'];
  const input = { cluster: 'demo', asked, servers, nodes: servers, bundle: undefined, begun: undefined, ...change };
  try {
    return { stops: await upgradeStopsFor(context, upgrades, input), calls };
  } catch (error) {
    return { ...(error as { code: string; message: string; hint: string }), calls };
  }
}

describe('the releases that an upgrade goes through', () => {
  it.each([
    ['v1.35.6+k3s1', ['v1.35.6+k3s1'], 0],
    ['v1.36.5+k3s1', ['v1.36.5+k3s1'], 0],
    ['stable', ['v1.36.5+k3s1'], 1],
    ['v1.37', ['v1.36.6+k3s1', 'v1.37.1+k3s1'], 1],
    ['v1.37.0+k3s1', ['v1.36.6+k3s1', 'v1.37.0+k3s1'], 1],
  ])('to %s are %o, and the channels are asked %i times', async (asked, expected, calls) => {
    expect(await stops(asked)).toEqual({ stops: expected, calls });
  });

  it('are one where the servers have it already and workers may lack it', async () => {
    expect(await stops('v1.35.5+k3s1')).toMatchObject({ stops: ['v1.35.5+k3s1'] });
  });

  it('are those that were found when it was begun, from where the servers are now', async () => {
    const begun = { asked: 'v1.37', stops: ['v1.36.5+k3s1', 'v1.37.0+k3s1'] };
    expect(await stops('v1.37', { begun })).toEqual({ stops: begun.stops, calls: 0 });
    expect(await stops('v1.37', { begun, servers: ['v1.36.5+k3s1'] })).toMatchObject({ stops: ['v1.37.0+k3s1'] });
    expect(await stops('stable', { begun })).toEqual({ stops: ['v1.36.5+k3s1'], calls: 1 });
  });

  it.each([
    ['latest', 'BAD_USAGE'],
    ['v1.36.5', 'BAD_USAGE'],
    ['v1.36.5+rke2r1', 'BAD_USAGE'],
    ['v1.40', 'RELEASE_UNKNOWN'],
    ['v1.39.1+k3s1', 'RELEASE_UNKNOWN'],
    ['v1.35.4+k3s1', 'VERSION_OLDER'],
    ['v1.34.9+k3s1', 'VERSION_OLDER'],
  ])('to %s are refused as %s', async (asked, code) => {
    expect(await stops(asked)).toMatchObject({ code });
  });

  it('are refused where any node is newer than the last of them', async () => {
    expect(await stops('v1.36.5+k3s1', { nodes: ['v1.35.5+k3s1', 'v1.36.6+k3s1'] })).toMatchObject({
      code: 'VERSION_OLDER',
    });
  });

  it('are one release for each bundle, named in full', async () => {
    const bundle = '/srv/bundle';
    expect(await stops('stable', { bundle })).toMatchObject({ code: 'BAD_USAGE', calls: 0 });
    expect(await stops('v1.37.1+k3s1', { bundle })).toMatchObject({
      code: 'RELEASE_UNKNOWN',
      hint: expect.stringContaining('--to v1.36.6+k3s1') as string,
    });
    expect(await stops('v1.36.5+k3s1', { bundle })).toEqual({ stops: ['v1.36.5+k3s1'], calls: 0 });
  });
});
