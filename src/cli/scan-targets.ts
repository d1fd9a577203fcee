import { dirname } from 'node:path';

import { type LoginKey, readIdentity } from '../remote/login-key.js';
import { readSshEndpoints, type SshEndpoint } from '../config/ssh-endpoints.js';
import { absolutePath } from '../config/paths.js';
import { UsageError } from '../errors/index.js';
import { loginTarget } from '../remote/index.js';
import type { ScanTarget } from '../workflows/host/scan.js';

/**
 * `[user@]address[:port]`, an IPv6 address with a port in brackets.
 * @throws UsageError code BAD_ADDRESS
 */
export function parseScanAddress(text: string): ScanTarget {
  const match =
    /^(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:@[\]]+)|([0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*))(?::(\d{1,5}))?$/.exec(
      text,
    );
  const address = match?.[2] ?? match?.[3] ?? match?.[4];
  const port = Number(match?.[5] ?? 22);
  if (!match || address === undefined || port < 1 || port > 65535) {
    throw new UsageError(`${text} is no address of a host.`, {
      code: 'BAD_ADDRESS',
      hint: 'Write it like 10.0.0.11, rack1.example.org, admin@10.0.0.11:2222 or [2001:db8::1]:2222.',
    });
  }
  const plain = /:|^[\d.]+$/.test(address) ? `host-${address.replace(/[^0-9A-Za-z]+/g, '-')}` : address.split('.')[0]!;
  const name = `${plain.toLowerCase().replace(/-+$/, '')}${port === 22 ? '' : `-${port}`}`;
  return { name, address, port, user: match[1], pins: [] };
}

/** The hosts of a file, and the file's text. @throws as `readSshEndpoints` and `readIdentity` */
export async function scanTargetsOf(
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly targets: readonly ScanTarget[]; readonly text: string }> {
  const { hosts, identity, text } = await readSshEndpoints(path);
  let key: Promise<LoginKey> | undefined;
  // Only who lies behind another host has to be logged in for.
  const login = (): Promise<LoginKey> =>
    (key ??= readIdentity({
      section: { identity: identity === undefined ? undefined : absolutePath(identity, dirname(path)) },
      variable: (name) => env[name] || undefined,
    }));
  const targets = await Promise.all(
    hosts.map(async ({ name, address, port, user, hostKey = [], jump }: SshEndpoint): Promise<ScanTarget> => ({
      name,
      address,
      port,
      user,
      pins: hostKey,
      ...(jump
        ? {
            jump: loginTarget(`the jump host ${jump.address}`, {
              address: jump.address,
              port: jump.port,
              user: jump.user,
              hostKeys: jump.hostKey,
              ...(await login()),
            }),
          }
        : {}),
    })),
  );
  return { targets, text };
}
