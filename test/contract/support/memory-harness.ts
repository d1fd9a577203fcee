import { MemoryCloud } from '../../../docs/examples/provider/cloud.js';
import { createMemoryProvider } from '../../../docs/examples/provider/provider.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { FakeClock } from '../../support/fake-clock.js';
import type { CloudHarness } from '../harness.js';

/** The example's provider over a cloud of its own. */
export async function memoryHarness(): Promise<CloudHarness> {
  const cloud = new MemoryCloud();
  const clock = new FakeClock();
  const theirs = { labels: {}, createdAt: new Date(clock.now()).toISOString() };
  return {
    open: async ({ boundary = openBoundary } = {}) => createMemoryProvider({ cloud, clock, boundary }),
    types: { first: 'small', second: 'large', elsewhere: 'large' },
    places: { first: 'north', second: 'south', apart: 'island' },
    image: 'ubuntu-26.04',
    addressesCost: true,
    many: 60,
    addresses: { public: /^203\.0\.113\.\d+$/, private: /^10\.0\.0\.\d+$/ },
    violations: undefined,
    outside: {
      machine: async (name) =>
        cloud.createMachine({
          ...{ ...theirs, name, type: 'small', location: 'south', image: 'ubuntu-26.04' },
          ...{ userData: '', sshKey: '' },
        }).id,
      network: async (name) => cloud.createResource({ kind: 'network', name, labels: {}, content: '10.9.0.0/16' }).id,
      stop: async (id) => void (cloud.machines.get(id)!.running = false),
      sellOut: async (type, location) => void cloud.soldOut.add(`${type} at ${location}`),
      quota: async (machines) => void (cloud.limit = machines),
      everything: async () => [
        ...[...cloud.machines.values()].map(({ name }) => `machine/${name}`),
        ...[...cloud.resources.values()].map(({ kind, name }) => `${kind}/${name}`),
      ],
    },
    close: async () => {},
  };
}
