import type { Finding } from './finding.js';
import type { HostReport } from './facts.js';

/** Families of Linux that k3s is run on by many. */
const families = ['debian', 'ubuntu', 'rhel', 'fedora', 'suse', 'opensuse', 'arch', 'amzn'];

/** The operating system, and what of it k3s needs. @param title of the host, for the message */
export function systemFindings(title: string, report: HostReport, encrypted: boolean): Finding[] {
  return [
    ...osFindings(title, report),
    ...cgroupFindings(title, report),
    ...leakingIptables(title, report.iptables),
    ...(encrypted && report.wireguard === false
      ? [
          {
            code: 'WIREGUARD_MISSING' as const,
            message: `The kernel of ${title} has no WireGuard, with which traffic between nodes is to be encrypted.`,
            hint: 'Install a kernel that has it (linux-modules-extra on some), or set network.encryption: none where the network between the hosts can be trusted.',
          },
        ]
      : []),
  ];
}

function osFindings(title: string, { os, osLike, osVersion, machine, init }: HostReport): Finding[] {
  const findings: Finding[] = [];
  if (!['x86_64', 'amd64', 'aarch64', 'arm64'].includes(machine)) {
    findings.push({
      code: 'UNSUPPORTED_ARCHITECTURE',
      message: `${title} is a machine of the kind ${machine || 'unknown'}, for which there is no k3s.`,
      hint: 'List a host with an x86-64 or 64-bit ARM processor and system in its place.',
    });
  }
  if (init !== 'systemd') {
    findings.push({
      code: 'NO_SYSTEMD',
      message: `${title} was not started by systemd but by ${init || 'something unknown'}, so that nothing would start k3s after a reboot.`,
      hint: 'Install a system with systemd on it.',
    });
  }
  if (![os, ...osLike].some((name) => families.includes(name) || name.startsWith('opensuse'))) {
    findings.push({
      code: 'OS',
      accept: 'os',
      message: `${title} runs ${[os, osVersion].filter(Boolean).join(' ') || 'a system that does not tell its name'}, which is none of those that k3s is known to run on.`,
      hint: 'Install a current Debian, Ubuntu, RHEL (or its kin) or SUSE.',
    });
  }
  return findings;
}

function cgroupFindings(title: string, { cgroup, cgroupMissing }: HostReport): Finding[] {
  const findings: Finding[] = [];
  if (cgroup === 'v1') {
    findings.push({
      code: 'CGROUP_V1',
      accept: 'cgroup-v1',
      message: `${title} has control groups of version 1, which kubelets from 1.35 on refuse.`,
      hint: 'Start it with systemd.unified_cgroup_hierarchy=1 on the kernel’s command line, or install a newer system.',
    });
  }
  if (cgroupMissing.length > 0) {
    const memory = cgroupMissing.includes('memory') ? 'cgroup_enable=memory cgroup_memory=1' : 'cgroup_no_v1=all';
    findings.push({
      code: 'CGROUP_MISSING',
      ...(cgroup === 'v1' ? { accept: 'cgroup-v1' as const } : {}),
      message: `${title} lacks the control groups for ${cgroupMissing.join(', ')}, without which no pod starts.`,
      hint: `Add ${memory} to the kernel’s command line (/boot/firmware/cmdline.txt on a Raspberry Pi) and reboot it.`,
    });
  }
  return findings;
}

function leakingIptables(title: string, version: string): Finding[] {
  if (!/^1\.8\.[0-4]$/.test(version)) return [];
  return [
    {
      code: 'IPTABLES',
      accept: 'iptables',
      message: `${title} has iptables ${version}; 1.8.0 to 1.8.4 add the same rules again and again until the machine is busy with nothing else.`,
      hint: 'Update iptables to 1.8.5 or later, or remove it: k3s then uses its own.',
    },
  ];
}
