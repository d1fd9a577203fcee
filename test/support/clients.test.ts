import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { client } from './clients.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-no-clients-'));
  vi.stubEnv('SLIPWAY_TEST_CACHE', folder);
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe.each(['kubectl', 'helm', 'client-go', 'hcloud', 'hcloud-go', 'hcloud-python'] as const)(
  'a client that is not installed: %s',
  (program) => {
    it('skips its tests with a word', () => {
      vi.stubEnv('CI', '');
      const warn = vi.spyOn(console, 'warn').mockReturnValue();
      expect(client(program)).toBeUndefined();
      expect(warn).toHaveBeenCalledExactlyOnceWith(`skipped: ${program} is not installed: npm run clients says why`);
    });

    it('is an error in CI', () => {
      vi.stubEnv('CI', 'true');
      expect(() => client(program)).toThrow(`${program} is not installed`);
    });
  },
);
