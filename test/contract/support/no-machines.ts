import type { MachineHost } from '../../../providers/sandbox/types.js';

/** Nobody rents these machines: the cloud is tested without the computers in it. */
export const noMachines: MachineHost = {
  create: () => undefined,
  disk: () => undefined,
  powerOn: () => undefined,
  powerOff: () => undefined,
  shutdown: () => undefined,
  reboot: () => undefined,
  delete: () => undefined,
  attach: () => undefined,
  detach: () => undefined,
};
