import type Ssh2 from 'ssh2';
import type { BaseAgent, IdentityCallback, ParsedKey } from 'ssh2';

import { keyBlob } from './keys.js';

/**
 * An SSH agent that shows one of its keys only: with all of them a host would close the connection after the first few.
 * @param socket as in SSH_AUTH_SOCK
 * @param publicKey OpenSSH form
 */
export function agentWith({ OpenSSHAgent }: typeof Ssh2, socket: string, publicKey: string): BaseAgent<ParsedKey> {
  const desired = keyBlob(publicKey);
  class OneKey extends OpenSSHAgent {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      super.getIdentities((error, keys) => {
        if (error) return callback(error);
        const one = keys?.filter((key) => 'getPublicSSH' in key && desired?.equals(key.getPublicSSH()));
        callback(undefined, one);
      });
    }
  }
  return new OneKey(socket);
}
