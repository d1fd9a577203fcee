import { createHash } from 'node:crypto';

import { osOf } from '../first-files.js';
import { soundTraits } from '../host-traits.js';
import type { Machine } from '../machine.js';
import type { TaskContext } from '../task-runner.js';
import { claimField } from './claims.js';

const k3sPaths = [
  '/etc/systemd/system/k3s.service',
  '/etc/systemd/system/k3s-agent.service',
  '/usr/local/bin/k3s',
  '/usr/bin/k3s',
  '/etc/rancher/k3s',
  '/var/lib/rancher/k3s/server',
  '/var/lib/rancher/k3s/agent',
];
const otherPaths = ['/etc/kubernetes/kubelet.conf', '/var/lib/rancher/rke2', '/var/snap/microk8s', '/var/lib/k0s'];
const swapMiB = 2048;

export async function inspectHost({ machine, need, say, fact }: TaskContext): Promise<void> {
  const [ports, address, writeTest, wireguard] = [
    need('PORTS'),
    need('PRIVATE_ADDRESS'),
    need('WRITE_TEST'),
    need('WIREGUARD'),
  ] as const;
  const { files, spec } = machine;
  const traits = machine.traits ?? soundTraits;
  const os = osOf(spec);
  const arm = spec.architecture === 'arm64';
  fact('time', Math.floor(machine.clock / 1000));
  fact('boot_id', machine.bootId);
  fact('os', os.id);
  fact('os_like', os.id === 'ubuntu' ? 'debian' : '');
  fact('os_version', os.version);
  fact('machine', arm ? 'aarch64' : 'x86_64');
  fact('hostname', machine.hostname);
  fact('machine_id', createHash('md5').update(`${spec.id} ${spec.name}`).digest('hex'));
  fact('product_uuid', '');
  fact('init', traits.noSystemd ? 'init' : 'systemd');
  fact('cgroup', traits.cgroup);
  fact('cgroup_missing', '');
  fact('cores', spec.cores);
  fact('memory_mib', traits.memoryMiB);
  fact('swap_mib', traits.swap ? swapMiB : 0);
  fact('disk_free_mib', Math.floor(machine.files.freeBytes / 2 ** 20));
  fact('disk_type', 'ext2/ext3');
  if (writeTest === 'true') {
    say('timing the disk');
    fact('disk_noexec', false);
    // Five rounds of sixty writes.
    await machine.wait(traits.fsyncMs * 300);
    if (files.takes(2300)) fact('fsync_ms', traits.fsyncMs.toFixed(1));
  } else await machine.wait(machine.context.profile().smallTaskMs);
  fact(
    'ports',
    ports
      .split(/\s+/)
      .flatMap((port) => usedBy(machine, port))
      .join(' '),
  );
  fact('addresses', machine.addresses.join(' '));
  fact('private_interface', machine.interfaces.find((known) => known.up && known.address === address)?.name ?? '');
  fact('firewall', traits.firewall ?? '');
  fact('iptables', traits.iptablesVersion);
  fact('wireguard', wireguard === 'true' ? true : '');
  fact('k3s_left', [...k3sPaths.filter((path) => files.exists(path)), ...dataLeft(machine)].join(' '));
  fact('kubernetes_left', otherPaths.filter((path) => files.exists(path)).join(' '));
  fact('claimed_by', claimField(machine, 'cluster'));
}

/** What else lies where k3s has its data; folders alone are none. */
function dataLeft({ files }: Machine): string[] {
  const below = files.entries().flatMap(([path]) => {
    const name = /^\/var\/lib\/rancher\/k3s\/([^/]+)/.exec(path)?.[1];
    return name === undefined || name === 'server' || name === 'agent' ? [] : [name];
  });
  const plain = (name: string): boolean => /^[\w.+-]+$/.test(name);
  const paths = below.map((name) => (plain(name) ? `/var/lib/rancher/k3s/${name}` : '/var/lib/rancher/k3s'));
  return [...new Set(paths)].sort();
}

/** `6443/tcp=nginx` for a port that somebody listens on. */
function usedBy(machine: Machine, port: string): string[] {
  const [number = '', protocol] = port.split('/');
  const given = machine.traits?.portsInUse.find((text) => text.split(' ')[0] === number);
  if (given !== undefined && protocol === 'tcp') return [`${port}=${given.split(' ')[1] ?? ''}`];
  const serves = number === '6443' && machine.units.get('k3s')?.state === 'active';
  return serves ? [`${port}=k3s-server`] : [];
}
