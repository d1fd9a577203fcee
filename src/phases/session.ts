import type { Machine, Secret } from '../domain/index.js';
import { IncompleteError, RefusedError } from '../errors/index.js';
import { canForward, type Endpoint, type MachineProvider } from '../provider/port.js';
import { loginTarget } from '../remote/login-target.js';
import type { HostTarget, RunOptions, Session } from '../remote/types.js';
import type { Tools } from './context.js';
import { isSameKey, keyChanged, keyLost } from './lost-key.js';

/** @throws IncompleteError code NO_ADDRESS, RefusedError code HOST_KEY_UNKNOWN, SSH_KEY_LOST or SSH_KEY_CHANGED, and what `Remote.connect` throws. */
export async function openSession(
  tools: Tools,
  machine: Machine,
  deadlineMs: number,
  options: RunOptions,
  onlyKeys?: readonly string[],
): Promise<Session> {
  return tools.remote.connect(await hostTarget(tools, machine, options, onlyKeys), deadlineMs, options);
}

/** A session to a machine that should run, or be known to be silent soon. @throws as `openSession` */
export const lookInside = (tools: Tools, machine: Machine, options: RunOptions): Promise<Session> =>
  openSession(tools, machine, tools.provider.traits.answersWithinMs, options);

export async function hostTarget(
  { provider, folder }: Pick<Tools, 'provider' | 'folder'>,
  machine: Machine,
  options: RunOptions,
  onlyKeys?: readonly string[],
): Promise<HostTarget> {
  if (machine.login) return loginTarget(machine.name, machine.login);
  if (machine.publicAddress === undefined) {
    throw new IncompleteError(`${machine.name} has no public address, so it cannot be reached.`, {
      code: 'NO_ADDRESS',
      hint: `Give it one at ${provider.title}, or delete it there; the next run makes a new one.`,
    });
  }
  if ((await folder.pins(machine.name)).length === 0) {
    throw new RefusedError(
      `The host key of ${machine.name} is not known here, so it cannot be told from another machine.`,
      {
        code: 'HOST_KEY_UNKNOWN',
        hint: `Let the cluster vouch for it: slipway cluster adopt ${folder.name}`,
      },
    );
  }
  const identity = await folder.storedIdentity();
  const record = await folder.record();
  const place = { cluster: folder.name, path: folder.identityPath };
  if (!identity) throw keyLost(place, [machine]);
  if (record?.sshPublicKey !== undefined && !isSameKey(record.sshPublicKey, identity.publicKey))
    throw keyChanged(place, [machine]);
  return rootTarget(
    provider,
    { name: machine.name, publicAddress: machine.publicAddress },
    identity.privateKey,
    async () => onlyKeys ?? (await folder.pins(machine.name)),
    options,
  );
}

/** Root of a machine that Slipway made, by this key, accepting these host keys. */
export async function rootTarget(
  provider: MachineProvider,
  { name, publicAddress }: { readonly name: string; readonly publicAddress: string },
  identity: Secret,
  pins: HostTarget['pins'],
  options: RunOptions,
): Promise<HostTarget> {
  const { host, port } = await endpointOf(provider, publicAddress, 22, options);
  return { name, address: host, port, user: 'root', identity, pins };
}

/** Where this computer finds a port of a machine. */
export async function endpointOf(
  provider: MachineProvider,
  address: string,
  port: number,
  options: RunOptions,
): Promise<Endpoint> {
  return canForward(provider) ? provider.forward(address, port, options) : { host: address, port };
}
