import { describe } from 'vitest';

import { abilityContract } from '../contract/sections/abilities.js';
import { everyContract } from '../contract/sections/every.js';
import { imageContract } from '../contract/sections/images.js';
import { Stage } from '../contract/sections/stage.js';
import { realHarness } from './real-libvirt.js';

describe('The libvirt provider, over a real libvirtd', () => {
  const stage = new Stage(realHarness);
  everyContract(stage);
  abilityContract(stage);
  imageContract(stage);
});
