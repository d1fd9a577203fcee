import { describeHostProvider } from './machine-provider.js';
import { hostHarness } from './support/host-harness.js';

describeHostProvider('The provider ssh', () => hostHarness());
