import type { FileSystem } from './file-system.js';
import { parseCloudConfig } from './cloud-config.js';
import { generateHostKey, publicKeyOf } from './host-key.js';
import type { MachineSpec } from '../types.js';

export interface FirstBoot {
  readonly hostname: string;
  readonly users: readonly (readonly [string, { sudo: boolean }])[];
  /** What ends in cloud-init's `status: error`. */
  readonly problems: readonly string[];
}

/** cloud-init's stages before sshd: users, keys, files. */
export function applyUserData(files: FileSystem, spec: MachineSpec): FirstBoot {
  const config = parseCloudConfig(spec.userData);
  const hostname = config.hostname ?? spec.name;
  const key = config.hostKey ?? generateHostKey(hostname);
  writeIdentity(files, hostname, key);
  authorize(files, 'root', [...spec.sshKeys, ...config.rootKeys]);
  for (const user of config.users) authorize(files, user.name, user.keys);
  for (const file of config.files) files.install(file.path, file.content, file);
  return {
    hostname,
    users: config.users.map(({ name, sudo }) => [name, { sudo }] as const),
    problems: config.problems,
  };
}

/** Settings of the kernel as a distribution leaves them; those of `claim-host.sh`. */
const kernelSettings: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '0',
  'net/ipv6/conf/all/forwarding': '0',
  'net/ipv4/conf/all/route_localnet': '0',
  'net/netfilter/nf_conntrack_max': '262144',
  'fs/inotify/max_user_instances': '128',
  'fs/inotify/max_user_watches': '65536',
  'vm/overcommit_memory': '0',
  'vm/panic_on_oom': '0',
  'kernel/panic': '0',
  'kernel/panic_on_oops': '0',
};

/** What the owner of a bare host has done: a user with a key, a host key that stays. */
export function setUpBareHost(files: FileSystem, spec: MachineSpec, leftoverK3s: boolean): FirstBoot {
  const { user, sudo, hostKey } = spec.bare!;
  writeIdentity(files, spec.name, { privateKey: hostKey, publicKey: publicKeyOf(hostKey) });
  authorize(files, user, spec.sshKeys);
  for (const [name, value] of Object.entries(kernelSettings)) files.install(`/proc/sys/${name}`, `${value}\n`);
  if (leftoverK3s) {
    files.mkdirs('/usr/local/bin');
    files.writeOpaque('/usr/local/bin/k3s', 76_000_000, '0'.repeat(64), { mode: 0o755, program: 'k3s v1.29.4+k3s1' });
    files.install('/etc/systemd/system/k3s.service', '[Service]\nExecStart=/usr/local/bin/k3s server\n');
    files.install('/var/lib/rancher/k3s/server/db/etcd/member', 'somebody else’s\n');
  }
  return { hostname: spec.name, users: user === 'root' ? [] : [[user, { sudo }]], problems: [] };
}

function writeIdentity(files: FileSystem, hostname: string, key: { privateKey: string; publicKey: string }): void {
  files.install('/etc/hostname', `${hostname}\n`);
  files.install('/etc/ssh/ssh_host_ed25519_key', key.privateKey, { mode: 0o600 });
  files.install('/etc/ssh/ssh_host_ed25519_key.pub', `${key.publicKey}\n`);
}

function authorize(files: FileSystem, user: string, keys: readonly string[]): void {
  const home = user === 'root' ? '/root' : `/home/${user}`;
  files.mkdirs('/home');
  if (!files.exists(home)) files.mkdir(home, { mode: 0o700, owner: user });
  if (!files.exists(`${home}/.ssh`)) files.mkdir(`${home}/.ssh`, { mode: 0o700, owner: user });
  files.write(`${home}/.ssh/authorized_keys`, keys.map((key) => `${key.trim()}\n`).join(''), {
    mode: 0o600,
    owner: user,
  });
}
