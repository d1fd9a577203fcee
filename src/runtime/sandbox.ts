import { homedir } from 'node:os';

import { systemClock, systemRandom } from '../domain/index.js';
import { openBoundary } from '../domain/boundary.js';
import { openWorkspace } from '../workspace/index.js';

export {
  findSandbox,
  resetSandbox,
  sandboxStatus,
  startSandbox,
  stopSandbox,
  type SandboxStatus,
} from '../../providers/sandbox/control.js';

/** Where the sandbox of this workspace keeps its state. */
export function sandboxFolder(env: NodeJS.ProcessEnv): string {
  const workspace = openWorkspace({
    env: { HOME: homedir(), ...env },
    clock: systemClock,
    random: systemRandom,
    boundary: openBoundary,
    generateKeyPair: () => {
      throw new Error('no key is made here');
    },
  });
  return workspace.stateFolder('sandbox');
}
