import { describe } from 'vitest';

import type { AnyHarness, Harness } from './harness.js';
import { everyContract } from './sections/every.js';
import { findingsContract } from './sections/findings.js';
import { infrastructureContract } from './sections/infrastructure.js';
import { machineContract } from './sections/machines.js';
import { preflightContract } from './sections/preflight.js';
import { runContract } from './sections/runs.js';
import { Stage } from './sections/stage.js';

/** The promises of the port, kept by every provider and emulator that makes machines in an account. */
export function describeMachineProvider(name: string, start: () => Promise<Harness>): void {
  describe(name, () => {
    const stage = new Stage(start);
    everyContract(stage);
    machineContract(stage);
    infrastructureContract(stage);
    preflightContract(stage);
    runContract(stage);
    findingsContract(stage);
  });
}

/** The promises of the port, kept by every provider whose machines are there already. */
export function describeHostProvider(name: string, start: () => Promise<AnyHarness>): void {
  describe(name, () => everyContract(new Stage(start)));
}
