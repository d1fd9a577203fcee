import { describe, expect, it } from 'vitest';

import { options, type Stage } from './stage.js';

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
  });
}
