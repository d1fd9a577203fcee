import { UsageError } from '../../src/errors/index.js';
import type { ProviderContext, ProviderPackage } from '../../src/provider/package.js';
import { type LoginKey, readIdentity } from '../../src/remote/login-key.js';
import { sshCodes } from './codes.js';
import type { HostTimeouts } from './inventory.js';
import { createHostProvider } from './provider.js';
import { reaches } from '../../src/provider/kit/reaches.js';

export { createHostProvider, type HostProviderOptions } from './provider.js';

/**
 * Hosts that are there already, listed in the cluster file and reached by SSH. Variables: SLIPWAY_SSH_KEY, path of the
 * private key to log in with where the file names none; SSH_AUTH_SOCK, an agent for keys that are locked; SLIPWAY_LOST_HOSTS, names of hosts (with commas between) that
 * do not come back, so that a machine on one can be released without it; SLIPWAY_SSH_PATIENCE, seconds that a host may
 * take to answer when it is looked at (8).
 */
export const ssh: ProviderPackage = {
  name: 'ssh',
  title: 'Bare metal',
  ownsMachines: false,
  codes: sshCodes,
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
      timeouts: patienceOf(context),
      answersWithinMs: context.variable('SLIPWAY_SSH_PATIENCE') === undefined ? 15_000 : patienceOf(context).look,
      reaches: (address, port, options) => reaches(address, port, patienceOf(context).look, options),
      say: (text) => context.log(text),
      lost: new Set((context.variable('SLIPWAY_LOST_HOSTS') ?? '').split(',').map((name) => name.trim())),
    });
  },
};

/** @throws UsageError code BAD_PATIENCE */
function patienceOf({ variable }: Pick<ProviderContext, 'variable'>): HostTimeouts {
  const text = variable('SLIPWAY_SSH_PATIENCE') ?? '8';
  const seconds = Number(text);
  if (!(seconds >= 0.5 && seconds <= 600)) {
    throw new UsageError(`SLIPWAY_SSH_PATIENCE is ${text}, which is no number of seconds from 0.5 to 600.`, {
      code: 'BAD_PATIENCE',
      hint: 'Set it to something like 20 where hosts are slow to answer, or unset it.',
    });
  }
  const look = seconds * 1000;
  return { look, again: look, brief: look / 4, work: Math.max(60_000, look) };
}
