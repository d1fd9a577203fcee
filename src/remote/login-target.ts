import type { MachineLogin } from '../domain/machine.js';
import type { HostTarget } from './types.js';

/** A machine that was there before us is entered as its owner says; its host keys are those of the cluster file. */
export function loginTarget(name: string, { jump, hostKeys, ...endpoint }: MachineLogin): HostTarget {
  return {
    name,
    ...endpoint,
    owned: true,
    pins: () => Promise.resolve(hostKeys),
    ...(jump ? { jump: loginTarget(`the jump host ${jump.address}`, jump) } : {}),
  };
}
