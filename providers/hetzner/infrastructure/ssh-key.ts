import { createHash } from 'node:crypto';

import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { clusterLabels } from '../../../src/domain/labels.js';
import { RefusedError, UsageError } from '../../../src/errors/index.js';
import { waits } from '../context.js';
import { removeResource } from '../remove.js';
import { names, resourceIds, account } from '../names.js';
import { sshKeyShape, type WireSshKey } from '../wire.js';
import type { Ensure, HetznerResource, PlanInput } from './resource.js';

type Desired = { readonly kind: 'ssh-key'; readonly publicKey: string; readonly fingerprint: string };

const answer = z.object({ ssh_key: sshKeyShape });

/** MD5 in the form that Hetzner lists: `b7:2f:…`. It only identifies; it guards nothing. */
export function fingerprintOf(publicKey: string): string {
  const blob = publicKey.trim().split(/\s+/)[1];
  if (!blob) {
    throw new UsageError('The cluster’s SSH public key is not in OpenSSH form.', {
      code: 'SSH_KEY_FORM',
      hint: 'It should read like `ssh-ed25519 AAAA… name`.',
    });
  }
  return createHash('md5').update(Buffer.from(blob, 'base64')).digest('hex').match(/../g)?.join(':') ?? '';
}

export interface KeyMatch {
  /** The key with this fingerprint, whatever its name. */
  readonly same: WireSshKey | undefined;
  /** The key with our name. */
  readonly named: WireSshKey | undefined;
}

export const matchKey = (keys: readonly WireSshKey[], name: string, fingerprint: string): KeyMatch => ({
  same: keys.find((key) => key.fingerprint === fingerprint),
  named: keys.find((key) => key.name === name),
});

/** Text for a key that is in the project under somebody else's name; Hetzner takes each key only once. */
export const keyTaken = (key: WireSshKey): { message: string; hint: string } => ({
  message: `The cluster’s SSH key is already in this Hetzner project as ${key.name} (id ${key.id}), which does not belong to this cluster.`,
  hint: 'Delete that key in the Hetzner console (servers keep what they already have), then run the same command again.',
});

export function planSshKey({ request, found }: PlanInput): HetznerResource<Desired> {
  const { cluster, sshPublicKey } = request;
  const name = names.sshKey(cluster.name);
  const fingerprint = fingerprintOf(sshPublicKey);
  const { same, named } = matchKey(found.sshKeys, name, fingerprint);
  refuseForeign({ same, named }, cluster.id);
  const state = same ? 'present' : named ? 'differs' : 'missing';
  return {
    id: resourceIds.sshKey,
    name,
    text: state === 'differs' ? `replace SSH key ${name} at Hetzner by the workspace’s` : `add SSH key ${name}`,
    state,
    needs: [],
    role: { kind: 'cluster-key' },
    ...(same ? { ready: { id: String(same.id) } } : {}),
    desired: { kind: 'ssh-key', publicKey: sshPublicKey, fingerprint },
    clusterId: cluster.id,
    labels: clusterLabels(cluster),
  };
}

function refuseForeign({ same, named }: KeyMatch, clusterId: string): void {
  if (same && !isOurs(same, clusterId))
    throw new RefusedError(keyTaken(same).message, { code: 'SSH_KEY_TAKEN', hint: keyTaken(same).hint });
  if (!same && named && !isOurs(named, clusterId)) throw nameTakenError(account, 'SSH key', named);
}

export const ensureSshKey: Ensure<Desired> = async (hetzner, resource, _made, options) => {
  const { api } = hetzner;
  const { publicKey, fingerprint } = resource.desired;
  const look = async (): Promise<KeyMatch> => {
    const [same, named] = await Promise.all([
      api.list('/ssh_keys', 'ssh_keys', sshKeyShape, options, { fingerprint }),
      api.list('/ssh_keys', 'ssh_keys', sshKeyShape, options, { name: resource.name }),
    ]);
    const match = { same: same[0], named: named[0] };
    refuseForeign(match, resource.clusterId);
    return match;
  };
  if (resource.state !== 'missing') {
    const { same, named } = await look();
    if (same) return { id: String(same.id) };
    // A key of ours that a lost workspace left behind: nobody has its private half any more.
    if (named) await removeResource(hetzner, `/ssh_keys/${named.id}`, [], options);
  }
  const key = await createNamed(
    waits(hetzner, options),
    async () =>
      (
        await api.post(
          '/ssh_keys',
          { name: resource.name, public_key: publicKey, labels: resource.labels },
          answer,
          options,
        )
      ).ssh_key,
    async () => (await look()).same,
  );
  return { id: String(key.id) };
};
