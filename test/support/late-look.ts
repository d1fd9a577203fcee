import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

/** Requests of the first step of `cluster delete`, counted: each of its two drafts has sent the others before. */
const firstStep: readonly (readonly [what: string, nth: number])[] = [
  ['GET /servers', 5],
  ['GET /load_balancers', 5],
  ['GET /volumes', 3],
];

/** Holds `cluster delete` where all was looked at for the second time, and nothing is changed yet. */
export class LateLook {
  readonly #until: string;
  readonly #reached: string;

  constructor(folder: string) {
    this.#until = join(folder, 'late-is-there');
    this.#reached = join(folder, 'is-late');
  }

  get env(): Readonly<Record<string, string>> {
    const act = { until: this.#until, reached: this.#reached };
    const orders = firstStep.map(([what, nth]) => ({ when: 'before', kind: 'provider', what, nth, act }));
    return { SLIPWAY_TEST_BOUNDARY: JSON.stringify(orders) };
  }

  async reached(): Promise<void> {
    await expect.poll(() => existsSync(this.#reached), { timeout: 30_000 }).toBe(true);
  }

  goOn(): void {
    writeFileSync(this.#until, '');
  }
}
