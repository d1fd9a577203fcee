import { type ErrorCode, IncompleteError, messageOf, SlipwayError } from '../../src/errors/index.js';
import type { CommandResult } from '../../src/remote/types.js';

export const vanished = (name: string): IncompleteError =>
  new IncompleteError(`The virtual machine ${name} is gone.`, {
    code: 'MACHINE_VANISHED',
    hint: 'Run the same command again: another machine takes its place.',
  });

/** What an answer of libvirt’s means to us. */
export type VirshKind = 'missing' | 'taken' | 'done' | 'not-running' | 'unreachable' | 'denied' | 'no-client' | 'other';

/** A call of `virsh` that failed. */
export class VirshError extends IncompleteError {
  constructor(
    message: string,
    readonly kind: VirshKind,
    /** What libvirt said, the last line. */
    readonly said: string,
    options: { readonly code: ErrorCode; readonly hint: string; readonly cause?: unknown; readonly details?: string[] },
  ) {
    super(message, options);
  }
}

/** By the words of libvirt in English, which `LC_ALL=C` makes it speak. The first that fits counts. */
const meanings: readonly (readonly [VirshKind, RegExp])[] = [
  ['no-client', /virsh: (command )?not found/i],
  [
    'denied',
    /failed to connect to the hypervisor[^]*permission denied|authentication (failed|unavailable)|access denied|not authorized/i,
  ],
  ['unreachable', /failed to connect to the hypervisor|failed to connect socket|end of file while reading|timed out/i],
  ['taken', /already exists with uuid|exists already|already exists|already defined with uuid/i],
  ['done', /already (running|active|started)|(network|pool) is already active/i],
  ['not-running', /(domain is not running|network '.*' is not active)/i],
  ['missing', /(domain|network|storage pool|storage vol(ume)?) not found|failed to get (domain|network|vol|pool) '/i],
];

export function kindOf(said: string): VirshKind {
  return meanings.find(([, pattern]) => pattern.test(said))?.[0] ?? 'other';
}

const advice: Partial<Record<VirshKind, { code: ErrorCode; what: string; hint: (host: string) => string }>> = {
  'no-client': {
    code: 'LIBVIRT_CLIENT_MISSING',
    what: 'there is no virsh there',
    hint: (host) => `Install libvirt and its client on ${host} (Debian: libvirt-daemon-system, libvirt-clients).`,
  },
  denied: {
    code: 'LIBVIRT_DENIED',
    what: 'it does not let this user in',
    hint: (host) => `On ${host}, add the user to the group libvirt (usermod -aG libvirt USER), or log in as root.`,
  },
  unreachable: {
    code: 'LIBVIRT_UNREACHABLE',
    what: 'its libvirt does not answer',
    hint: (host) =>
      `Start libvirtd on ${host}, then run the same command again. Is the host lost for good, say so: SLIPWAY_LOST_HOSTS=${host}`,
  },
};

/** What became of a call: an answer that is a refusal, or what was thrown on the way. */
export function errorOf(host: string, args: readonly string[], failure: unknown): Error {
  const result = failure as Partial<CommandResult>;
  if (typeof result.code !== 'number' || typeof result.stderr !== 'string') return lost(host, failure);
  const lines = result.stderr
    .split('\n')
    .map((line) => line.replace(/^error: /, '').trim())
    .filter(Boolean);
  const said = lines.at(-1) ?? `exit code ${result.code}`;
  const kind = kindOf(result.stderr);
  const known = advice[kind];
  if (known) {
    const { code, what, hint } = known;
    return new VirshError(`${host} cannot be worked with: ${what}.`, kind, said, {
      code,
      hint: hint(host),
      details: lines,
    });
  }
  return new VirshError(`libvirt on ${host} refused ${args[0] ?? ''}: ${said}`, kind, said, {
    code: 'LIBVIRT_REFUSED',
    hint: 'Fix what it says on that host, then run the same command again.',
    details: lines.slice(0, -1),
  });
}

/** Keys that do not fit, and logins that are refused, say so best themselves. */
function lost(host: string, cause: unknown): Error {
  if (cause instanceof SlipwayError && !['SSH_UNREACHABLE', 'SSH_LOST'].includes(cause.code)) return cause;
  const { code, hint } = advice.unreachable!;
  return new VirshError(`${host} does not answer.`, 'unreachable', messageOf(cause), { code, hint: hint(host), cause });
}
