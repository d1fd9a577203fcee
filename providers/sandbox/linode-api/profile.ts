import { z } from 'zod';
import { invalid, notFound } from './errors.js';
import { get, list, post, put, readBody, remove, type Route } from './routes.js';
import type { SshKeyRecord } from './state.js';
import type { World } from './world.js';

const label = z.string().min(1).max(64);
const keyBody = z.strictObject({
  label,
  ssh_key: z.string().regex(/^(ssh-|ecdsa-)\S+ [A-Za-z0-9+/=]+( .*)?$/, 'SSH Key must be a valid OpenSSH public key'),
});

const shape = ({ id, label, key, created }: SshKeyRecord) => ({ id, label, ssh_key: key, created });

const find = (world: World, id: number): SshKeyRecord => {
  const found = world.tables.sshKeys.get(id);
  if (!found) throw notFound();
  return found;
};

const me = {
  username: 'sandbox',
  uid: 1,
  email: 'sandbox@example.com',
  timezone: 'UTC',
  restricted: false,
  two_factor_auth: false,
  email_notifications: false,
  ip_whitelist_enabled: false,
  lish_auth_method: 'keys_only',
  authentication_type: 'password',
  authorized_keys: null,
  verified_phone_number: null,
  referrals: { code: '', url: 'https://www.linode.com/', total: 0, completed: 0, pending: 0, credit: 0 },
};

/** Whose token it is, and the keys of that person. */
export const profileRoutes: readonly Route[] = [
  get('/profile', () => ({ body: me })),
  list('/profile/sshkeys', ['id', 'label', 'created'], (world) => [...world.tables.sshKeys.values()].map(shape)),
  get('/profile/sshkeys/{id}', (world, { id }) => ({ body: shape(find(world, id)) })),
  post('/profile/sshkeys', (world, { body }) => {
    const { label, ssh_key: key } = readBody(keyBody, body);
    if ([...world.tables.sshKeys.values()].some((one) => one.label === label))
      throw invalid('Label must be unique among your SSH keys', 'label');
    const made = { id: world.newId(), label, key, created: world.isoNow() };
    world.tables.sshKeys.set(made.id, made);
    return { body: shape(made) };
  }),
  put('/profile/sshkeys/{id}', (world, { id, body }) => {
    const key = find(world, id);
    key.label = readBody(z.strictObject({ label }), body).label;
    return { body: shape(key) };
  }),
  remove('/profile/sshkeys/{id}', (world, { id }) => {
    find(world, id);
    world.tables.sshKeys.delete(id);
    return { body: {} };
  }),
];
