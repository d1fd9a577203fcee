import { createHash } from 'node:crypto';
import { z } from 'zod';
import { assertNameFree, oneAnswer, oneOf, reading, updating, type Collection } from './collection.js';
import { invalidField, uniquenessError } from './errors.js';
import { checkLabels } from './labels.js';
import { labelsShape, post, readBody, remove, type Route } from './routes.js';
import type { SshKeyRecord } from './state.js';

export const sshKeys: Collection<SshKeyRecord> = {
  one: 'ssh_key',
  many: 'ssh_keys',
  items: (world) => world.tables.sshKeys.values(),
  render: (_world, { id, name, fingerprint, publicKey, labels, created }) => ({
    id,
    name,
    fingerprint,
    public_key: publicKey,
    labels,
    created,
  }),
  sortable: ['id', 'name'],
  filters: { fingerprint: (key, values) => values.includes(key.fingerprint) },
};

/** MD5 of the key's blob as Hetzner shows it, or undefined for what is no OpenSSH public key. */
export function fingerprintOf(publicKey: string): string | undefined {
  const [type = '', base64 = ''] = publicKey.trim().split(/\s+/);
  if (!/^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp\d+|sk-\S+)$/.test(type)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (blob.length < 4 + type.length || blob.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) {
    return undefined;
  }
  if (blob.readUInt32BE(0) !== type.length || blob.toString('latin1', 4, 4 + type.length) !== type) return undefined;
  return createHash('md5')
    .update(blob)
    .digest('hex')
    .replace(/..(?=.)/g, '$&:');
}

const createShape = z.object({
  name: z.string().min(1).max(128),
  public_key: z.string().min(1),
  labels: labelsShape.default({}),
});

export const sshKeyRoutes: readonly Route[] = [
  ...reading(sshKeys),
  updating(sshKeys),
  post('/ssh_keys', (world, { body }) => {
    const { name, public_key, labels } = readBody(createShape, body);
    checkLabels(labels);
    const fingerprint = fingerprintOf(public_key);
    if (!fingerprint) throw invalidField('public_key', 'is not a valid SSH public key');
    for (const key of world.tables.sshKeys.values()) {
      if (key.fingerprint === fingerprint) {
        throw uniquenessError('public_key', 'SSH key with the same fingerprint already exists');
      }
    }
    assertNameFree(sshKeys, world, name);
    const key = { id: world.newId(), name, labels, created: world.isoNow(), fingerprint, publicKey: public_key };
    world.tables.sshKeys.set(key.id, key);
    return oneAnswer(sshKeys, world, key, 201);
  }),
  remove('/ssh_keys/{id}', (world, { id }) => {
    world.tables.sshKeys.delete(oneOf(sshKeys, world, id).id);
    return { status: 204 };
  }),
];
