import { IncompleteError } from '../errors/index.js';
import type { LoginAttempt } from './login-attempt.js';
import type { HostTarget } from './types.js';

/** The identity was not taken. It may be early: a machine can answer before cloud-init has placed our key. */
export class LoginRefused extends Error {
  constructor(
    /** The host that refused it: a jump host maybe. */
    readonly by: Pick<HostTarget, 'name' | 'address' | 'port' | 'user' | 'owned'>,
    readonly seen: Pick<LoginAttempt, 'methods' | 'partial' | 'signed' | 'said'>,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the login may be taken a moment later: the key is still on its way, or the machine boots or goes down. */
export const mayPass = ({ by, seen }: LoginRefused): boolean =>
  !by.owned || seen.said.some((line) => /booting up|shutting down|going down/i.test(line));

interface Refusal {
  readonly reason: string;
  /** For a host of its owner's; on ours the image is the cause of all but an unknown key. */
  readonly hint: string;
}

/** What the server's answers tell, which is on purpose little: it does not say whether it knows a user. */
function refusalOf({ by: { name, user, owned }, seen: { methods, partial, signed } }: LoginRefused): Refusal {
  const others = methods.filter((method) => method !== 'publickey' && method !== 'none');
  const key = owned ? 'the key of the cluster file' : 'the cluster’s key';
  if (partial) {
    return {
      reason: `takes ${key} for ${user}, and then asks for a second factor (${others.join(', ') || 'another key'})`,
      hint: `Let ${user} in with the key alone there: \`AuthenticationMethods publickey\` in sshd_config.`,
    };
  }
  if (methods.length > 0 && !methods.includes('publickey')) {
    return {
      reason: `takes no keys for ${user}, only ${others.join(' or ')}`,
      hint: `Allow keys there: \`PubkeyAuthentication yes\` in sshd_config.`,
    };
  }
  if (signed) {
    return {
      reason: `knows ${key} but does not let ${user} in`,
      hint: `Look at PermitRootLogin in sshd_config on ${name}, and whether the account of ${user} is locked or has expired; or log in as another user.`,
    };
  }
  return {
    reason: `does not take ${key} for ${user}`,
    hint: `Put its public half into ~/.ssh/authorized_keys of ${user} there, or name another key as provider.identity. If it is there, look at AllowUsers and DenyUsers in sshd_config, and at who may write to that file.`,
  };
}

/** What is reported when a login is refused for good. */
export function loginRefused(error: LoginRefused): IncompleteError {
  const { name, address, port, owned } = error.by;
  const { reason, hint } = refusalOf(error);
  const ours = error.seen.signed
    ? 'Use a system image that lets root in with a key alone, and delete the machine: a new one takes its place.'
    : 'Another key may have been set up on it: `slipway cluster adopt` with the cluster’s name puts the workspace’s there again.';
  return new IncompleteError(`${name} (${address}:${port}) ${reason}.`, {
    code: 'SSH_LOGIN_REFUSED',
    hint: owned ? hint : ours,
    details: error.seen.said.map((line) => `it said: ${line}`),
    cause: error,
  });
}
