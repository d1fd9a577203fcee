import { describe, expect, it } from 'vitest';

import type { CreatedResource, MachineRequest } from '../../../src/provider/port.js';
import { cluster, newPublicKey, options, type Stage } from './stage.js';

export function infrastructureContract(stage: Stage): void {
  describe('the infrastructure', () => {
    const desiredMachines = (): MachineRequest[] => [
      ...[1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' })),
      ...Array.from({ length: 12 }, (_, i) => stage.machine(i + 1)),
    ];

    it('is planned, made, and then planned as present', async () => {
      const desired = stage.request(desiredMachines());
      const before = await stage.provider.infrastructure.plan(desired, options);
      expect(new Set(before.map((piece) => piece.state))).toEqual(new Set(['missing']));
      expect(stage.harness.requests.every((one) => one.startsWith('GET '))).toBe(true);
      const made = await stage.lay(desired);
      const after = await stage.harness.open().infrastructure.plan(desired, options);
      expect(after.map((piece) => [piece.id, piece.state, piece.ready])).toEqual(
        before.map((piece) => [piece.id, 'present', made.get(piece.id)]),
      );
    });

    it('made again is the same', async () => {
      const desired = stage.request(desiredMachines());
      const first = await stage.lay(desired);
      const everything = await stage.harness.outside.everything();
      expect(await stage.lay(desired)).toEqual(first);
      expect(await stage.harness.outside.everything()).toEqual(everything);
    });

    it('made from a plan that is out of date is still made once', async () => {
      const desired = stage.request(desiredMachines());
      const stale = await stage.provider.infrastructure.plan(desired, options);
      const first = await stage.lay(desired);
      const made = new Map<string, CreatedResource>();
      for (const piece of stale)
        made.set(piece.id, await stage.harness.open().infrastructure.ensure(piece, made, options));
      expect(made).toEqual(first);
    });

    it('survives answers that got lost', async () => {
      for (const path of ['ssh_keys', 'networks', 'firewalls', 'placement_groups', 'load_balancers'])
        stage.harness.outside.cutNext('POST', `^/${path}$`);
      await stage.lay(stage.request(desiredMachines()));
      const everything = await stage.harness.outside.everything();
      expect(everything).toEqual([...new Set(everything)]);
    });

    it.each(['before', 'after'] as const)('survives answers of 500 and 503 %s the work', async (when) => {
      for (const [i, path] of ['ssh_keys', 'networks', 'firewalls', 'placement_groups', 'load_balancers'].entries()) {
        const status = i % 2 === 0 ? 500 : 503;
        stage.harness.outside.failNext('POST', `^/${path}$`, status, 'oops', when === 'after' ? 'done' : undefined);
        stage.harness.outside.failNext('DELETE', `^/${path}/`, status, 'oops', when === 'after' ? 'done' : undefined);
      }
      await stage.lay(stage.request(desiredMachines()));
      const everything = await stage.harness.outside.everything();
      expect(everything).toEqual([...new Set(everything)]);
      for (const item of await stage.provider.infrastructure.list(cluster, options))
        await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });

    it('keeps machines of one pool apart, ten in a group', async () => {
      const machines = desiredMachines();
      const pieces = await stage.provider.infrastructure.plan(stage.request(machines), options);
      const groupOf = (one: MachineRequest): string[] =>
        stage.provider.infrastructure
          .neededBy(one, pieces)
          .map(({ id }) => id)
          .filter((id) => id.startsWith('placement:'));
      expect(machines.map((one) => groupOf(one).join())).toEqual([
        ...Array.from({ length: 3 }, () => 'placement:cp:1'),
        ...Array.from({ length: 10 }, () => 'placement:web:1'),
        ...Array.from({ length: 2 }, () => 'placement:web:2'),
      ]);
    });

    it('has a private address for the API as soon as there are several control planes', async () => {
      const one = await stage.provider.infrastructure.plan(stage.request([stage.machine(1, { pool: 'cp' })]), options);
      expect(one.map((piece) => piece.id)).not.toContain('api-balancer');
      const made = await stage.lay(stage.request(desiredMachines()));
      expect(made.get('api-balancer')?.address).toMatch(/^10\.0\./);
    });

    it('differs when other addresses may enter, and is mended in place', async () => {
      const machines = desiredMachines();
      const before = await stage.lay(stage.request(machines));
      const desired = stage.request(machines, { apiAllow: ['198.51.100.7/32'] });
      const plan = await stage.provider.infrastructure.plan(desired, options);
      expect(plan.filter((piece) => piece.state !== 'present').map((piece) => [piece.id, piece.state])).toEqual([
        ['firewall', 'differs'],
      ]);
      expect(plan.find((piece) => piece.id === 'firewall')?.text).toContain('198.51.100.7/32');
      expect(await stage.lay(desired)).toEqual(before);
      expect(
        (await stage.provider.infrastructure.plan(desired, options)).every((piece) => piece.state === 'present'),
      ).toBe(true);
    });

    it('takes in the key of a workspace that replaces a lost one', async () => {
      const machines = desiredMachines();
      await stage.lay(stage.request(machines));
      const desired = stage.request(machines, { sshPublicKey: newPublicKey() });
      const changed = (await stage.provider.infrastructure.plan(desired, options)).filter(
        (piece) => piece.state !== 'present',
      );
      expect(changed.map((piece) => [piece.id, piece.state])).toEqual([['ssh-key', 'differs']]);
      await stage.lay(desired);
      expect((await stage.harness.outside.everything()).filter((one) => one.startsWith('ssh_keys/'))).toHaveLength(1);
    });

    it('refuses to use a network of somebody else', async () => {
      const network = (await stage.provider.infrastructure.plan(stage.request([stage.machine()]), options)).find(
        (piece) => piece.id === 'network',
      )!;
      await stage.harness.outside.network(network.name);
      await expect(stage.provider.infrastructure.plan(stage.request([stage.machine()]), options)).rejects.toMatchObject(
        {
          code: 'NAME_TAKEN',
          exitCode: 3,
        },
      );
      await expect(stage.provider.infrastructure.ensure(network, new Map(), options)).rejects.toMatchObject({
        code: 'NAME_TAKEN',
      });
    });

    it('leaves an empty account when it is removed', async () => {
      const machines = desiredMachines().slice(0, 5);
      const made = await stage.lay(stage.request(machines));
      const created = await Promise.all(machines.map((one) => stage.provider.machines.create(one, '', made, options)));
      await Promise.all(created.map((one) => stage.provider.machines.delete(one, options)));
      const items = await stage.harness.open().infrastructure.list(cluster, options);
      expect(items.map((item) => item.kind)).toEqual(
        expect.arrayContaining(['SSH key', 'network', 'firewall', 'placement group', 'load balancer']),
      );
      for (const item of items) await stage.provider.infrastructure.remove(item, options);
      for (const item of items) await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });

    it('is removed although a part of it is still busy for a moment', async () => {
      await stage.lay(stage.request([stage.machine()]));
      stage.harness.outside.failNext('DELETE', '^/firewalls/', 422, 'resource_in_use');
      for (const item of await stage.provider.infrastructure.list(cluster, options))
        await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });
  });
}
