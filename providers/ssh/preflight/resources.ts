import type { Role } from '../../../src/domain/machine.js';
import type { HostReport } from './facts.js';
import type { Finding } from './finding.js';

/** Least memory in MiB: k3s's own 2 GiB and 512 MiB, less what kernels and graphics keep for themselves. */
const leastMemory: Readonly<Record<Role, number>> = { 'control-plane': 1800, worker: 450 };
/** Least free disk in MiB: k3s, the images of a baseline, and logs. */
const leastDisk: Readonly<Record<Role, number>> = { 'control-plane': 10_240, worker: 6144 };
/** Milliseconds a small synced write may take: etcd holds votes when its disk is slower. */
const slowestSync = 10;
const remoteDisks = ['nfs', 'nfs4', 'cifs', 'smb2', 'fuseblk', 'fuse'];

const gib = (mib: number): string => `${(mib / 1024).toFixed(1)} GiB`;

/** Memory and disk, for what the host shall be. */
export function resourceFindings(title: string, report: HostReport, role: Role): Finding[] {
  const findings: Finding[] = [];
  const { memoryMiB, swapMiB, diskFreeMiB, diskType, diskNoexec, fsyncMs } = report;
  const what = role === 'control-plane' ? 'a server' : 'an agent';
  if (memoryMiB !== undefined && memoryMiB < leastMemory[role]) {
    findings.push({
      code: 'MEMORY',
      accept: 'memory',
      message: `${title} has ${gib(memoryMiB)} of memory; ${what} needs ${role === 'control-plane' ? '2 GiB' : '512 MiB'}.`,
      hint: 'Give it more, or use it for something smaller.',
    });
  }
  if (diskFreeMiB !== undefined && diskFreeMiB < leastDisk[role]) {
    findings.push({
      code: 'DISK_SMALL',
      accept: 'disk-small',
      message: `${title} has ${gib(diskFreeMiB)} free below /var/lib; ${what} needs ${gib(leastDisk[role])}.`,
      hint: 'Make room, or mount a larger disk at /var/lib/rancher.',
    });
  }
  if (remoteDisks.includes(diskType)) {
    findings.push({
      code: 'DISK_REMOTE',
      message: `/var/lib of ${title} lies on ${diskType}, on which neither containers nor etcd can live.`,
      hint: 'Mount a local disk at /var/lib/rancher.',
    });
  }
  if (diskNoexec) {
    findings.push({
      code: 'DISK_NOEXEC',
      message: `No program can be started from /var/lib of ${title}, and k3s keeps its programs there.`,
      hint: 'Mount it without the option noexec.',
    });
  }
  if (role === 'control-plane' && fsyncMs !== undefined && fsyncMs > slowestSync) {
    findings.push({
      code: 'DISK_SLOW',
      accept: 'disk-slow',
      message: `A write takes the disk of ${title} ${fsyncMs} ms until it is safe; etcd loses its leader where it is more than ${slowestSync} ms.`,
      hint: 'Give servers a local SSD, mounted at /var/lib/rancher.',
    });
  }
  if (swapMiB !== undefined && swapMiB > 0) {
    findings.push({
      code: 'SWAP',
      accept: 'swap',
      mild: true,
      message: `${title} has ${gib(swapMiB)} of swap: k3s runs with it, but pods that swap are slow where they should be ended.`,
      hint: 'Switch it off (swapoff -a, and its line in /etc/fstab).',
    });
  }
  return findings;
}
