import { homedir } from 'node:os';
import { join } from 'node:path';

import type { MachineLogin } from '../domain/machine.js';
import { Secret } from '../domain/secret.js';
import { UsageError } from '../errors/index.js';
import { readSmall } from '../files/read-small.js';
import { identityFault } from './keys.js';

/** What to log in to hosts with. */
export type LoginKey = Pick<MachineLogin, 'identity' | 'agent'>;

/**
 * The key to log in with: `provider.identity`, else SLIPWAY_SSH_KEY, else ~/.ssh/id_ed25519. One that is locked, or of
 * which only the public half is named, is looked for in the agent of SSH_AUTH_SOCK.
 * @throws UsageError codes IDENTITY_MISSING, IDENTITY_UNUSABLE
 */
export async function readIdentity(context: {
  readonly section: { readonly identity?: string | undefined };
  variable(name: string): string | undefined;
}): Promise<LoginKey> {
  const path =
    context.section.identity ??
    context.variable('SLIPWAY_SSH_KEY') ??
    join(context.variable('HOME') ?? homedir(), '.ssh', 'id_ed25519');
  const text = await readSmall(path).catch((cause: unknown) => {
    throw new UsageError(`The key for logging in to hosts, ${path}, cannot be read.`, {
      code: 'IDENTITY_MISSING',
      hint: 'Name a private key as provider.identity in the cluster file, or in SLIPWAY_SSH_KEY.',
      cause,
    });
  });
  const fault = identityFault(text);
  if (fault === undefined) return { identity: new Secret(text) };
  const agent = context.variable('SSH_AUTH_SOCK');
  if (agent !== undefined && fault !== 'unreadable') {
    const half = fault === 'public' ? text : await readSmall(`${path}.pub`).catch(() => undefined);
    if (half !== undefined) return { identity: new Secret(half.trim()), agent };
  }
  throw new UsageError(`The key for logging in to hosts, ${path}, ${faults[fault].what}.`, {
    code: 'IDENTITY_UNUSABLE',
    hint: faults[fault].hint,
  });
}

const faults = {
  encrypted: {
    what: 'is locked with a passphrase',
    hint: 'Add it to an SSH agent (ssh-add; its .pub has to lie beside it), or make one for Slipway (ssh-keygen -t ed25519 -f ~/.ssh/slipway -N "") and put its public half on the hosts.',
  },
  public: {
    what: 'is the public half',
    hint: 'Name the private key beside it, which has no .pub at its end, or start an SSH agent that holds it.',
  },
  unreadable: {
    what: 'is no private key that can be read',
    hint: 'Name an OpenSSH private key as provider.identity in the cluster file, or in SLIPWAY_SSH_KEY.',
  },
} as const;
