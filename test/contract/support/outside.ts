import { systemClock } from '../../../src/domain/clock.js';
import type { EmulatorHarness } from '../harness.js';

interface Answer extends Readonly<Record<string, unknown>> {
  readonly action?: { readonly id: number; readonly status: string };
  readonly next_actions?: readonly { readonly id: number }[];
}

/** What a person or the cluster's own controllers do at the provider, by its own API. */
export function outsideOf(
  endpoint: string,
  token: string,
): Omit<EmulatorHarness['outside'], 'sellOut' | 'quota' | 'cutNext' | 'failNext'> & { clear(): Promise<void> } {
  const send = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Answer);
  };
  /** Sends, and waits for the actions that begin with it. */
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await send(method, path, body);
    const begun = [...(answer.action ? [answer.action] : []), ...(answer.next_actions ?? [])];
    for (const { id } of begun) {
      while ((await send('GET', `/actions/${id}`)).action?.status === 'running') await systemClock.sleep(2);
    }
    return answer;
  };
  const made = async (path: string, key: string, body: object): Promise<string> =>
    String(((await call('POST', path, body))[key] as { id: number }).id);
  /** In an order in which all of them can be deleted. */
  const kinds = [
    'servers',
    'load_balancers',
    'firewalls',
    'volumes',
    'primary_ips',
    'networks',
    'placement_groups',
    'ssh_keys',
  ];
  const list = async (kind: string): Promise<readonly { readonly id: number; readonly name: string }[]> =>
    ((await call('GET', `/${kind}?per_page=50`))[kind] ?? []) as { id: number; name: string }[];
  return {
    machine: (name) =>
      made('/servers', 'server', { name, server_type: 'cx23', image: 'ubuntu-26.04', location: 'fsn1' }),
    network: (name) => made('/networks', 'network', { name, ip_range: '10.9.0.0/16' }),
    sshKey: (name, publicKey) => made('/ssh_keys', 'ssh_key', { name, public_key: publicKey }),
    serviceBalancer: (name, machineId) =>
      made('/load_balancers', 'load_balancer', {
        name,
        load_balancer_type: 'lb11',
        location: 'fsn1',
        labels: { 'hcloud-ccm/service-uid': '0d9c8e9e' },
        targets: machineId === undefined ? [] : [{ type: 'server', server: { id: Number(machineId) } }],
      }),
    volume: (name, machineId) =>
      made('/volumes', 'volume', {
        name,
        size: 10,
        labels: { 'managed-by': 'csi-driver', 'pvc-name': name },
        ...(machineId === undefined ? { location: 'fsn1' } : { server: Number(machineId) }),
      }),
    attach: async (volumeId, machineId) =>
      void (await call('POST', `/volumes/${volumeId}/actions/attach`, { server: Number(machineId) })),
    stop: async (machineId) => void (await call('POST', `/servers/${machineId}/actions/poweroff`)),
    protect: async (machineId) =>
      void (await call('POST', `/servers/${machineId}/actions/change_protection`, { delete: true, rebuild: true })),
    async everything() {
      const lists = await Promise.all(kinds.map(list));
      return kinds.flatMap((kind, i) => (lists[i] ?? []).map(({ name }) => `${kind}/${name}`));
    },
    async clear() {
      for (const kind of kinds) {
        for (let left = await list(kind); left.length > 0; left = await list(kind))
          await Promise.all(left.map(({ id }) => call('DELETE', `/${kind}/${id}`)));
      }
    },
  };
}
