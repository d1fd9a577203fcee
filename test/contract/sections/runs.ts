import { describe, expect, it } from 'vitest';

import { options, type Stage } from './stage.js';

export function runContract(stage: Stage): void {
  describe('a run', () => {
    it('goes on after being told that it asks too often, or that something else is changing', async () => {
      const { paths, words, outside } = stage.harness;
      for (const [method, path] of [
        ['GET', `^${paths.network}$`],
        ['POST', `^${paths.network}$`],
        ['POST', `^${paths.machines}$`],
      ] as const) {
        outside.failNext(method, path, ...words.tooMany);
        if (words.changing) outside.failNext(method, path, ...words.changing);
      }
      const made = await stage.lay(stage.request([stage.machine()]));
      expect((await stage.provider.machines.create(stage.machine(), '', made, options)).status).toBe('running');
      expect(await stage.names()).toHaveLength(1);
    });
  });
}
