import type { ProviderPackage } from '../../src/provider/registry.js';
import { type LoginKey, readIdentity } from './identity.js';
import { createHostProvider } from './provider.js';

export { createHostProvider, type HostProviderOptions } from './provider.js';

/**
 * Hosts that are there already, listed in the cluster file and reached by SSH. Variables: SLIPWAY_SSH_KEY, path of the
 * private key to log in with where the file names none; SSH_AUTH_SOCK, an agent for keys that are locked; SLIPWAY_LOST_HOSTS, names of hosts (with commas between) that
 * do not come back, so that a machine on one can be let go without it.
 */
export const ssh: ProviderPackage = {
  name: 'ssh',
  title: 'Bare metal',
  takesHosts: true,
  async open(context) {
    let key: Promise<LoginKey> | undefined;
    const { section, remote, clock, stateFolder } = context;
    return createHostProvider({
      name: 'ssh',
      title: 'Bare metal',
      hosts: section.hosts ?? [],
      key: () => (key ??= readIdentity(context)),
      remote,
      clock,
      stateFolder,
      patience: { look: 8_000, work: 60_000, again: 10_000, brief: 2_000 },
      say: (text) => context.say(text),
      lost: new Set((context.variable('SLIPWAY_LOST_HOSTS') ?? '').split(',').map((name) => name.trim())),
    });
  },
};
