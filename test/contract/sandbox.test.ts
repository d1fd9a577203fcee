import { afterAll } from 'vitest';

import { describeCloudProvider } from './machine-provider.js';
import { SandboxAccount } from './support/sandbox-harness.js';

const account = new SandboxAccount();
afterAll(() => account.close());

describeCloudProvider('The sandbox, as the command line opens it', () => account.harness());
