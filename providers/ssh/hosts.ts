import type { MachineLogin } from '../../src/domain/machine.js';
import type { HostSpec } from '../../src/domain/spec/hosts.js';
import type { LoginKey } from '../../src/remote/login-key.js';

/** What a host is called at this provider: the endpoint by which it is reached, whatever its name in the file. */
export function hostId({ address, port, jump }: Pick<HostSpec, 'address' | 'port' | 'jump'>): string {
  const endpoint = `${address}:${port}`;
  return jump ? `${jump.address}:${jump.port}/${endpoint}` : endpoint;
}

/** `rack1-a (10.0.0.11)` */
export const titleOf = ({ name, address, port }: HostSpec): string =>
  `${name} (${address}${port === 22 ? '' : `:${port}`})`;

export function loginOf(host: HostSpec, key: LoginKey): MachineLogin {
  const { address, port, user, hostKey, jump } = host;
  return {
    address,
    port,
    user,
    ...key,
    hostKeys: hostKey,
    ...(jump
      ? { jump: { address: jump.address, port: jump.port, user: jump.user, ...key, hostKeys: jump.hostKey } }
      : {}),
  };
}

/** Where the other hosts of the cluster reach it. */
export const privateAddressOf = ({ privateAddress, address }: HostSpec): string => privateAddress ?? address;
