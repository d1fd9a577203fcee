import { entries, type ErrorEntry } from '../../src/errors/index.js';

/** Hosts with libvirt. */
export const libvirtCodes = entries({
  BOOT_FAILED: [
    4,
    'A virtual machine did not come up.',
    'Read its console log, which the message names, fix the image or the host, and run the same command again.',
  ],
  IMAGE_CHECKSUM: [3, 'The image has another sum than the file says.', 'Correct `sha256`, or fetch the image anew.'],
  IMAGE_UNREADABLE: [3, 'The image cannot be read or downloaded.', 'Correct `file` or `url` of the image.'],
  LIBVIRT_ADDRESSES: [
    [3, 4],
    'The network has no address left for a machine, or the API’s address is one of the machines’.',
    'Widen the range, or choose another address for the API.',
  ],
  LIBVIRT_ARCHITECTURE: [3, 'The host is no 64-bit PC.', 'Use hosts of the architecture x86_64.'],
  LIBVIRT_CAPACITY: [
    3,
    'The hosts have no room for all machines of the file.',
    'Ask for fewer or smaller machines, or add a host.',
  ],
  LIBVIRT_CLIENT_MISSING: [[3, 4], 'There is no `virsh` on the host.', 'Install libvirt and its client there.'],
  LIBVIRT_DENIED: [
    [3, 4],
    'A host’s libvirt does not let the user in.',
    'Add the user to the group `libvirt`, or log in as root.',
  ],
  LIBVIRT_NETWORK_BEHIND: [
    3,
    'Machines of a NAT network are reached from its host alone, and that is another computer.',
    'Use a bridge or a routed network, or run Slipway on the host.',
  ],
  LIBVIRT_NO_KVM: [
    3,
    'The host offers no KVM.',
    'Switch virtualization on in its firmware, or allow emulation: `accel: auto`.',
  ],
  LIBVIRT_POOL: [3, 'The host has no such storage pool, or it is not started.', 'Make and start it with `virsh`.'],
  LIBVIRT_RANGE_TAKEN: [
    3,
    'Another network of the host has addresses of `network.range`.',
    'Choose another `network.range`.',
  ],
  LIBVIRT_REFUSED: [4, 'A host’s libvirt refused a call.', 'Fix what it says, then run the same command again.'],
  LIBVIRT_SETTINGS: [2, 'The file does not say which hosts there are.', 'Write `provider.libvirt`.'],
  LIBVIRT_UNREACHABLE: [
    [3, 4],
    'The host or its libvirt does not answer.',
    'Start it. One that is lost for good is named in `SLIPWAY_LOST_HOSTS`.',
  ],
});

declare module '../../src/errors/codes/provider-codes.js' {
  interface ProviderCodes extends Record<keyof typeof libvirtCodes, ErrorEntry> {}
}
