import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as BuiltSandbox from '../../../providers/sandbox/index.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import type * as Built from '../../../src/runtime/providers.js';
import type { CloudHarness } from '../harness.js';
import { contextWith } from './context.js';
import { outsideOf } from './outside.js';

const root = new URL('../../../build/', import.meta.url);

/**
 * The sandbox as the command line has it: the package of that name opened by the list of providers, its background
 * process started from what was built. One process for all tests of a file; what it has is cleared before each.
 */
export class SandboxAccount {
  readonly #folder = mkdtempSync(join(tmpdir(), 'slipway-sandbox-'));

  async harness(): Promise<CloudHarness> {
    if (!existsSync(new URL('src/runtime/providers.js', root))) throw new Error('run `npm run build` first');
    const { builtInProviders } = (await import(new URL('src/runtime/providers.js', root).href)) as typeof Built;
    const { startSandbox } = await this.#sandbox();
    const handle = await startSandbox(this.#folder, { timeScale: 0.001, apiLatencyMs: 0, networkLimit: 1000 });
    const found = await builtInProviders['sandbox']!();
    const controller = new AbortController();
    const outside = outsideOf(handle.endpoint, handle.info.cloudToken);
    await handle.call('POST', 'faults', { clear: true });
    await outside.clear();
    const order = (faults: object): Promise<void> => handle.call('POST', 'faults', faults).then(() => undefined);
    return {
      open: ({ boundary = openBoundary } = {}) =>
        found.open(contextWith('sandbox', { boundary, signal: controller.signal, stateFolder: this.#folder })),
      types: { first: 'cax21', second: 'cx33', elsewhere: 'cax31' },
      places: { first: 'fsn1', second: 'nbg1', apart: 'ash' },
      addressesCost: true,
      many: 60,
      addresses: { public: /^\d+\.\d+\.\d+\.\d+$/, private: /^10\.0\./ },
      image: 'ubuntu-26.04',
      violations: undefined,
      outside: {
        ...outside,
        sellOut: (type, location) => order({ soldOut: [{ type, location }] }),
        quota: (machines) => order({ serverLimit: machines }),
      },
      close: async () => controller.abort(new Error('the test is over')),
    };
  }

  async close(): Promise<void> {
    await (await this.#sandbox()).stopSandbox(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #sandbox = (): Promise<typeof BuiltSandbox> =>
    import(new URL('providers/sandbox/index.js', root).href) as Promise<typeof BuiltSandbox>;
}
