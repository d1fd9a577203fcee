import { describe, expect, it } from 'vitest';

import type { CloudHarness, EmulatorHarness, PortHarness } from './harness.js';
import { abilityContract } from './sections/abilities.js';
import { cloudContract } from './sections/cloud.js';
import { everyContract } from './sections/every.js';
import { findingsContract } from './sections/findings.js';
import { imageContract, lostImageContract } from './sections/images.js';
import { infrastructureContract } from './sections/infrastructure.js';
import { machineContract } from './sections/machines.js';
import { preflightContract } from './sections/preflight.js';
import { runContract } from './sections/runs.js';
import { Stage } from './sections/stage.js';

/** Level one, the port alone: kept by every provider whose machines are there already. */
export function describeHostProvider(name: string, start: () => Promise<PortHarness>): void {
  describe(name, () => {
    const stage = new Stage(start);
    ownership(stage, false);
    everyContract(stage);
  });
}

/** Level one, the port alone: kept by every provider that makes machines in an account. */
export function describeCloudProvider(name: string, start: () => Promise<CloudHarness>): void {
  describe(name, () => {
    const stage = new Stage(start);
    ownership(stage, true);
    everyContract(stage);
    cloudContract(stage);
    abilityContract(stage);
    imageContract(stage);
  });
}

/** Level two, where the cloud's API can be made to fail: what a provider makes of answers that are lost, late or odd. */
export function describeEmulatedCloud(name: string, start: () => Promise<EmulatorHarness>): void {
  describe(name, () => {
    const stage = new Stage(start);
    machineContract(stage);
    infrastructureContract(stage);
    preflightContract(stage);
    runContract(stage);
    findingsContract(stage);
    lostImageContract(stage);
  });
}

function ownership<H extends PortHarness>(stage: Stage<H>, ownsMachines: boolean): void {
  it(`says that it ${ownsMachines ? 'makes and deletes' : 'claims and releases'} its machines`, () => {
    expect(stage.provider.traits.ownsMachines).toBe(ownsMachines);
  });
}
