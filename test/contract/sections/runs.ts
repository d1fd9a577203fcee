import { describe, expect, it } from 'vitest';

import type { MachineProvider } from '../../../src/provider/port.js';
import { cluster, options, type Stage } from './stage.js';

export function runContract(stage: Stage): void {
  describe('a run', () => {
    it('goes on after being told that it asks too often, or that something else is changing', async () => {
      for (const [method, path] of [
        ['GET', '^/networks$'],
        ['POST', '^/networks$'],
        ['POST', '^/servers$'],
      ] as const) {
        stage.harness.outside.failNext(method, path, 429, 'rate_limit_exceeded');
        stage.harness.outside.failNext(method, path, 409, 'conflict');
      }
      const made = await stage.lay(stage.request([stage.machine()]));
      expect((await stage.provider.machines.create(stage.machine(), '', made, options)).status).toBe('running');
      expect(await stage.names()).toHaveLength(1);
    });

    it('killed at any of its points and run again ends as if it had never been killed', async () => {
      const machines = [...[1, 2].map((slot) => stage.machine(slot, { pool: 'cp' })), stage.machine(1)];
      const run = async (by: MachineProvider): Promise<void> => {
        stage.provider = by;
        const made = await stage.lay(stage.request(machines));
        for (const one of machines) await by.machines.create(one, '', made, options);
      };
      let points = 0;
      await run(stage.harness.open({ boundary: async () => void (points += 1) }));
      const whole = await stage.harness.outside.everything();
      await empty();
      for (let nth = 1; nth <= points; nth += 1) {
        let passed = 0;
        const killed = stage.harness.open({
          boundary: async () => {
            passed += 1;
            if (passed >= nth) throw new Error('killed');
          },
        });
        await run(killed).catch(() => undefined);
        await run(stage.harness.open());
        expect(stable(await stage.harness.outside.everything()), `killed at point ${nth}`).toEqual(stable(whole));
        await empty();
      }
    }, 120_000);

    const empty = async (): Promise<void> => {
      const by = stage.harness.open();
      for (const one of await by.machines.list(cluster, options)) await by.machines.delete(one, options);
      for (const item of await by.foundation.list(cluster, options)) await by.foundation.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    };

    /** Addresses get a name with a number from the stage.provider. */
    const stable = (everything: readonly string[]): string[] =>
      everything.map((one) => one.replace(/\d{4,}/, '#')).sort();
  });
}
