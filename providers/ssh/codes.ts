import { entries, type ErrorEntry } from '../../src/errors/index.js';

/** Hosts of one’s own. What `preflight.accept` can accept is named by the message. */
export const sshCodes = entries({
  ADDRESS_ELSEWHERE: [
    3,
    'The host does not have its private address itself.',
    'Write the address by which the other hosts reach it.',
  ],
  API_BEHIND_JUMP: [
    3,
    'The Kubernetes API cannot be reached from here, only SSH through a jump host.',
    'Work from where the servers can be reached.',
  ],
  CGROUP_MISSING: [
    3,
    'The kernel lacks control groups that k3s needs.',
    'Add what the message names to the kernel’s command line, and reboot.',
  ],
  CGROUP_V1: [
    3,
    'The host has control groups of version 1, which kubelets refuse.',
    'Start it with version 2, or install a newer system.',
  ],
  CLAIMED_TWICE: [
    3,
    'Two hosts are claimed as the same machine.',
    'Stop k3s on the wrong one and remove `/etc/slipway/claim` there.',
  ],
  DISK_NOEXEC: [3, 'No program can be started from `/var/lib`.', 'Mount it without `noexec`.'],
  DISK_REMOTE: [
    3,
    '`/var/lib` lies on a file system on which neither containers nor etcd can live.',
    'Mount a local disk at `/var/lib/rancher`.',
  ],
  DISK_SLOW: [3, 'The disk is too slow for etcd.', 'Give servers a local SSD.'],
  DISK_SMALL: [3, 'The disk has too little free space.', 'Make room, or mount a larger one at `/var/lib/rancher`.'],
  HOSTNAME_TWICE: [3, 'Several hosts have the same host name.', 'Give each its own.'],
  HOST_TAKEN: [3, 'The host belongs to another cluster.', 'Name another host, or delete that cluster first.'],
  HOST_UNREACHABLE: [
    4,
    'A host that is to be released does not answer.',
    'Bring it back; if it is lost for good, take it out of `provider.hosts`.',
  ],
  INSPECT_FAILED: [3, 'The host could not be looked at.', 'Read why, then run the same command again.'],
  K3S_LEFT: [3, 'The host has an earlier k3s.', 'If nobody needs it, remove it as the message shows.'],
  KUBERNETES_LEFT: [3, 'The host has another Kubernetes.', 'If nobody needs it, remove it as its maker says.'],
  MACHINE_ID_TWICE: [
    3,
    'Several hosts have the same machine id, or a host is listed twice.',
    'List it once; on clones make a new id.',
  ],
  NO_HOST: [3, 'The file has no host left for a machine.', 'Add one to `provider.hosts`.'],
  NO_SYSTEMD: [3, 'The host was not started by systemd.', 'Install a system with systemd.'],
  PRODUCT_UUID_TWICE: [3, 'Several hosts have the same hardware UUID.', 'Give each virtual machine its own.'],
  UNSUPPORTED_ARCHITECTURE: [
    3,
    'k3s has no release for the host’s processor.',
    'Take a host with an x86-64 or 64-bit ARM processor and system.',
  ],
  WIREGUARD_MISSING: [
    3,
    'The kernel has no WireGuard, with which traffic is to be encrypted.',
    'Install a kernel that has it, or set `network.encryption: none`.',
  ],
  MEMORY: [3, 'The host has too little memory.', 'Give it more, or use it for something smaller.'],
  SWAP: [
    3,
    'The host has swap, with which pods get slow instead of being ended. Said only; it stops nothing.',
    'Switch it off.',
  ],
  TIME: [3, 'The host’s clock is off.', 'Let it be set by the network: `timedatectl set-ntp true`.'],
  PORTS: [3, 'Another program has a port that k3s needs.', 'Stop and disable it.'],
  FIREWALL: [
    3,
    'The host has a firewall that may keep the nodes from each other.',
    'Let through what the message names, or switch it off.',
  ],
  OS: [3, 'The host’s system is none that k3s is known to run on.', 'Install a current Debian, Ubuntu, RHEL or SUSE.'],
  IPTABLES: [
    3,
    'The host’s iptables has a fault that makes rules pile up.',
    'Update it to 1.8.5 or later, or remove it.',
  ],
});

declare module '../../src/errors/codes/provider-codes.js' {
  interface ProviderCodes extends Record<keyof typeof sshCodes, ErrorEntry> {}
}
