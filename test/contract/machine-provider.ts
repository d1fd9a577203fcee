import { describe } from 'vitest';

import type { Harness } from './harness.js';
import { findingsContract } from './sections/findings.js';
import { foundationContract } from './sections/foundation.js';
import { machineContract } from './sections/machines.js';
import { preflightContract } from './sections/preflight.js';
import { runContract } from './sections/runs.js';
import { Stage } from './sections/stage.js';

/** The promises of the port, kept by every provider and emulator. */
export function describeMachineProvider(name: string, start: () => Promise<Harness>): void {
  describe(name, () => {
    const stage = new Stage(start);
    machineContract(stage);
    foundationContract(stage);
    preflightContract(stage);
    runContract(stage);
    findingsContract(stage);
  });
}
