import type { Machine } from '../domain/index.js';
import type { HostTask, RunOptions, Session } from '../remote/types.js';
import type { KeyPair } from '../workspace/types.js';
import type { Tools } from './context.js';
import { deadlines } from './deadlines.js';
import { endpointOf } from './session.js';

/**
 * Lets this public key log in as root.
 * @param former where given, no other key stays that was put there for the same cluster, this one whatever its comment
 */
export function putLoginKey(publicKey: string, former?: string): HostTask {
  const params = { KEY: publicKey, ONLY: former !== undefined, FORMER: former ?? '' };
  return { name: 'put-login-key', params, deadlineMs: deadlines.hostTask };
}

/** A session to a machine that Slipway made, by a key that is not the workspace's yet or no more. */
export async function sessionBy(
  { provider, folder, remote }: Pick<Tools, 'provider' | 'folder' | 'remote'>,
  { name, publicAddress = '' }: Pick<Machine, 'name' | 'publicAddress'>,
  { privateKey }: KeyPair,
  options: RunOptions,
): Promise<Session> {
  const { host, port } = await endpointOf(provider, publicAddress, 22, options);
  const pins = (): Promise<readonly string[]> => folder.pins(name);
  const target = { name, address: host, port, user: 'root', identity: privateKey, pins };
  return remote.connect(target, provider.traits.answersWithinMs, options);
}
