import { systemClock } from '../../../src/domain/clock.js';
import type { EmulatorHarness } from '../harness.js';

interface Thing {
  readonly id: number;
  readonly label: string;
  readonly status?: string;
  readonly tags?: readonly string[];
  readonly linode_id?: number | null;
}

/** In an order in which all of them can be deleted. */
const kinds = [
  '/linode/instances',
  '/nodebalancers',
  '/networking/firewalls',
  '/volumes',
  '/placement/groups',
  '/vpcs',
  '/profile/sshkeys',
];

/** What a person or the cluster's own controllers do at Linode, by its own API. */
export function linodeOutside(
  endpoint: string,
  token: string,
): Omit<EmulatorHarness['outside'], 'sellOut' | 'quota' | 'cutNext' | 'failNext'> {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
  const until = async (path: string, fits: (thing: Thing) => boolean): Promise<void> => {
    while (!fits(await call<Thing>('GET', path))) await systemClock.sleep(2);
  };
  const list = async (path: string): Promise<readonly Thing[]> =>
    (await call<{ data: Thing[] }>('GET', `${path}?page_size=500`)).data;
  /** The controllers of a cluster tag what they make, as Slipway tells them to. */
  const tagsOf = async (machineId?: string): Promise<readonly string[]> =>
    machineId === undefined
      ? []
      : ((await call<Thing>('GET', `/linode/instances/${machineId}`)).tags ?? []).filter((tag) =>
          tag.startsWith('slipway:cluster'),
        );
  const attach = async (volume: string, machine: string): Promise<void> => {
    await call('POST', `/volumes/${volume}/attach`, { linode_id: Number(machine) });
    await until(`/volumes/${volume}`, ({ linode_id }) => linode_id === Number(machine));
  };
  return {
    async machine(label) {
      const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==';
      const order = {
        label,
        type: 'g6-nanode-1',
        image: 'linode/ubuntu24.04',
        region: 'eu-central',
        authorized_keys: [key],
      };
      const { id } = await call<Thing>('POST', '/linode/instances', order);
      await until(`/linode/instances/${id}`, ({ status }) => status === 'running');
      return String(id);
    },
    network: async (label) => String((await call<Thing>('POST', '/vpcs', { label, region: 'eu-central' })).id),
    sshKey: async (label, ssh_key) => String((await call<Thing>('POST', '/profile/sshkeys', { label, ssh_key })).id),
    serviceBalancer: async (label, machineId) =>
      String(
        (await call<Thing>('POST', '/nodebalancers', { label, region: 'eu-central', tags: await tagsOf(machineId) }))
          .id,
      ),
    async volume(label, machineId) {
      const order = { label, region: 'eu-central', size: 10, tags: await tagsOf(machineId) };
      const { id } = await call<Thing>('POST', '/volumes', order);
      await until(`/volumes/${id}`, ({ status }) => status === 'active');
      if (machineId !== undefined) await attach(String(id), machineId);
      return String(id);
    },
    attach,
    async stop(machineId) {
      await call('POST', `/linode/instances/${machineId}/shutdown`);
      await until(`/linode/instances/${machineId}`, ({ status }) => status === 'offline');
    },
    protect: undefined,
    async everything() {
      const lists = await Promise.all(kinds.map(list));
      return kinds.flatMap((kind, i) => (lists[i] ?? []).map(({ label }) => `${kind.split('/').at(-1)}/${label}`));
    },
  };
}
