import { UsageError } from '../../src/errors/index.js';
import { reaches } from '../../src/provider/kit/reaches.js';
import type { ProviderPackage } from '../../src/provider/package.js';
import { type LoginKey, readIdentity } from '../../src/remote/login-key.js';
import { libvirtCodes } from './codes.js';
import { createLibvirtProvider } from './provider.js';
import { localVirsh, remoteVirsh } from './virsh.js';

export { createLibvirtProvider, type LibvirtOptions } from './provider.js';

/** Milliseconds that a port may stay silent, and a host until it lets us in. */
const silenceMs = 2_000;
const patienceMs = 20_000;

/**
 * Virtual machines on hosts with libvirt, by KVM. Variables: SLIPWAY_SSH_KEY and SSH_AUTH_SOCK, as for the provider `ssh`,
 * for hosts that are reached by SSH; SLIPWAY_LOST_HOSTS, names of hosts (with commas between) that do not come back.
 */
export const libvirt: ProviderPackage = {
  name: 'libvirt',
  title: 'libvirt',
  ownsMachines: true,
  codes: libvirtCodes,
  async open(context) {
    const { section, remote, clock, boundary, stateFolder } = context;
    if (!section.libvirt) {
      throw new UsageError('The provider libvirt needs to be told of the hosts there are.', {
        code: 'LIBVIRT_SETTINGS',
        hint: 'List them in a cluster file as provider.libvirt; docs/guides/kvm.md has one to begin with.',
      });
    }
    let identity: Promise<LoginKey> | undefined;
    const ssh = { remote, patienceMs, key: () => (identity ??= readIdentity(context)) };
    return createLibvirtProvider({
      spec: section.libvirt,
      clock,
      boundary,
      stateFolder,
      virsh: (host) => (host.uri.startsWith('qemu+ssh:') ? remoteVirsh(host, ssh) : localVirsh(host.uri)),
      reaches: (address, port, options) => reaches(address, port, silenceMs, options),
      say: (text) => context.log(text),
      lost: new Set((context.variable('SLIPWAY_LOST_HOSTS') ?? '').split(',').map((name) => name.trim())),
    });
  },
};
