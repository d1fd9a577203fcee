import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { Secret } from '../../src/domain/secret.js';
import { UsageError } from '../../src/errors/index.js';
import type { ProviderContext } from '../../src/provider/registry.js';
import { identityFault } from '../../src/remote/index.js';

/**
 * The private key to log in with: `provider.identity`, else SLIPWAY_SSH_KEY, else ~/.ssh/id_ed25519.
 * @throws UsageError codes IDENTITY_MISSING, IDENTITY_UNUSABLE
 */
export async function readIdentity(context: Pick<ProviderContext, 'section' | 'variable'>): Promise<Secret> {
  const path =
    context.section.identity ??
    context.variable('SLIPWAY_SSH_KEY') ??
    join(context.variable('HOME') ?? homedir(), '.ssh', 'id_ed25519');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`The key for logging in to hosts, ${path}, cannot be read.`, {
      code: 'IDENTITY_MISSING',
      hint: 'Name a private key as provider.identity in the cluster file, or in SLIPWAY_SSH_KEY.',
      cause,
    });
  });
  const fault = identityFault(text);
  if (fault === undefined) return new Secret(text);
  throw new UsageError(`The key for logging in to hosts, ${path}, ${faults[fault].what}.`, {
    code: 'IDENTITY_UNUSABLE',
    hint: faults[fault].hint,
  });
}

const faults = {
  encrypted: {
    what: 'is locked with a passphrase',
    hint: 'Make one for Slipway (ssh-keygen -t ed25519 -f ~/.ssh/slipway -N ""), put its public half on the hosts, and name it as provider.identity.',
  },
  public: {
    what: 'is the public half',
    hint: 'Name the private key beside it, which has no .pub at its end.',
  },
  unreadable: {
    what: 'is no private key that can be read',
    hint: 'Name an OpenSSH private key as provider.identity in the cluster file, or in SLIPWAY_SSH_KEY.',
  },
} as const;
