import type { HostTask } from './types.js';

/**
 * Starts a machine anew, once: asked again after the start, it says that it is done.
 * @param bootId of the start that is to end
 */
export const rebootHost = (bootId: string): HostTask => ({
  name: 'reboot-host',
  params: { BOOT_ID: bootId },
  deadlineMs: 10 * 60_000,
});
