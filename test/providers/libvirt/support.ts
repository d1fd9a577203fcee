import { onTestFinished } from 'vitest';

import { machineLabels } from '../../../src/domain/labels.js';
import type { ClusterRequest, CreatedResource, MachineProvider, MachineRequest } from '../../../src/provider/port.js';
import { type LibvirtHarness, libvirtHarness } from '../../contract/support/libvirt-harness.js';

export const cluster = { name: 'demo', id: 'k3f9x2' };
export const options = { signal: new AbortController().signal };

/** One host with a network of our own. */
export const alone = { hosts: [{ name: 'kvm1', location: 'north' }], network: { mode: 'nat' } };

export async function harness(change: object = {}): Promise<LibvirtHarness> {
  const made = await libvirtHarness(change);
  onTestFinished(() => made.close());
  return made;
}

export function machine(slot = 1, change: Partial<MachineRequest> = {}): MachineRequest {
  const place = { pool: 'web', role: 'worker' as const, slot, generation: 1 };
  return {
    ...{ ...place, name: `demo-web-${slot}-x7k2p`, types: ['small'], location: 'north', image: 'debian-12' },
    labels: machineLabels(cluster, place, 'k3s'),
    ...change,
  };
}

export const requestOf = (
  machines: readonly MachineRequest[],
  change: Partial<ClusterRequest> = {},
): ClusterRequest => ({
  ...{ cluster, machines, locations: ['north'], networkRange: '10.0.0.0/16', sshAllow: [], apiAllow: [] },
  ...{ sshPublicKey: 'ssh-ed25519 AAAA', accept: [], encryption: 'none' },
  ...change,
});

export async function lay(provider: MachineProvider, request: ClusterRequest): Promise<Map<string, CreatedResource>> {
  const made = new Map<string, CreatedResource>();
  for (const resource of await provider.infrastructure.plan(request, options))
    made.set(resource.id, await provider.infrastructure.ensure(resource, made, options));
  return made;
}
