import { describe } from 'vitest';

import { everyContract } from '../contract/sections/every.js';
import { Stage } from '../contract/sections/stage.js';
import { realHarness } from './real-libvirt.js';

describe('The libvirt provider, over a real libvirtd', () => {
  everyContract(new Stage(realHarness));
});
