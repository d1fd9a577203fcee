import { describe, expect, it } from 'vitest';

import { cluster, options, type Stage } from './stage.js';

export function findingsContract(stage: Stage): void {
  describe('what the cluster made', () => {
    it('is found with its price and how it is known, and can be removed twice', async () => {
      const made = await stage.lay(stage.request([1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' }))));
      const node = await stage.provider.machines.create(stage.machine(1, { pool: 'cp' }), '', made, options);
      await stage.harness.outside.serviceBalancer('a-ingress', node.id);
      await stage.harness.outside.volume('pvc-data-0', node.id);
      const found = await stage.provider.ownedResources(cluster, options);
      expect(found.map(({ kind, name }) => [kind, name])).toEqual([
        ['load-balancer', 'a-ingress'],
        ['volume', 'pvc-data-0'],
      ]);
      expect(found[0]?.because).toContain(stage.harness.balancerBecause(node.name));
      expect(found[1]).toMatchObject({ sizeGB: 10, because: `attached to ${node.name}` });
      for (const item of found) {
        expect(item.monthly).toBeGreaterThan(0);
        expect(item.location).toBe(node.location);
      }
      for (const item of [...found, ...found]) await stage.provider.removeOwnedResource(item, options);
      expect(await stage.provider.ownedResources(cluster, options)).toEqual([]);
    });

    it('is still found once it is labelled, when all that told of it is gone and others share the account', async () => {
      const made = await stage.lay(stage.request([stage.machine()]));
      const node = await stage.provider.machines.create(stage.machine(), '', made, options);
      const other = await stage.harness.outside.machine('other');
      await stage.harness.outside.serviceBalancer('a-ingress', node.id);
      await stage.harness.outside.volume('pvc-data-0', node.id);
      const found = await stage.provider.ownedResources(cluster, options);
      for (const item of [...found, ...found]) await stage.provider.labelOwnedResource(cluster, item, options);
      await stage.provider.machines.delete(node, options);
      for (const item of await stage.provider.infrastructure.list(cluster, options))
        await stage.provider.infrastructure.remove(item, options);
      const later = await stage.provider.ownedResources(cluster, options);
      expect(later.map(({ kind, id }) => [kind, id])).toEqual(found.map(({ kind, id }) => [kind, id]));
      await stage.harness.outside.attach(later[1]!.id, other);
      expect((await stage.provider.ownedResources(cluster, options)).map(({ kind }) => kind)).toEqual([
        'load-balancer',
      ]);
      for (const item of later.slice(0, 1)) await stage.provider.removeOwnedResource(item, options);
      await stage.provider.labelOwnedResource(cluster, later[0]!, options);
    });

    it('leaves alone what another may have made', async () => {
      const other = await stage.harness.outside.machine('other');
      await stage.harness.outside.volume('kept-from-long-ago');
      const made = await stage.lay(stage.request([stage.machine()]));
      await stage.provider.machines.create(stage.machine(), '', made, options);
      await stage.harness.outside.serviceBalancer('theirs', other);
      await stage.harness.outside.volume('theirs', other);
      expect(await stage.provider.ownedResources(cluster, options)).toEqual([]);
    });

    it('is still found when the machines are gone and nobody else is there', async () => {
      const made = await stage.lay(stage.request([stage.machine()]));
      const node = await stage.provider.machines.create(stage.machine(), '', made, options);
      await stage.harness.outside.serviceBalancer('a-ingress', node.id);
      await stage.harness.outside.volume('pvc-data-0', node.id);
      await stage.provider.machines.delete(node, options);
      expect((await stage.provider.ownedResources(cluster, options)).map((item) => item.name)).toEqual([
        'a-ingress',
        'pvc-data-0',
      ]);
    });
  });
}
