import type { HostReport } from './facts.js';
import type { Finding } from './finding.js';

/** Seconds that a host's clock may be off: certificates and tokens are made by one clock and judged by another. */
const mostSkew = 20;

/** When the host told its time, by our clock, in milliseconds since 1970. */
export interface Asked {
  readonly before: number;
  readonly after: number;
}

export function timeFindings(title: string, { time }: Pick<HostReport, 'time'>, asked: Asked): Finding[] {
  const skew = skewOf(time, asked);
  if (Math.abs(skew) <= mostSkew) return [];
  return [
    {
      code: 'TIME',
      accept: 'time',
      message: `The clock of ${title} is ${inWords(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} this computer’s.`,
      hint: 'Let it be set by the network: timedatectl set-ntp true',
    },
  ];
}

/** What a node needs of its network. */
interface Needs {
  /** As `portsOf` tells. */
  readonly ports: readonly string[];
  /** Whether servers tell each other who holds the API's address. */
  readonly vrrp: boolean;
}

/** Addresses, ports and a firewall that can be in the way. */
export function networkFindings(
  title: string,
  report: HostReport,
  privateAddress: string,
  { ports: needed, vrrp }: Needs,
): Finding[] {
  const findings: Finding[] = [];
  if (report.privateInterface === '') {
    findings.push({
      code: 'ADDRESS_ELSEWHERE',
      message: `${title} does not have the address ${privateAddress} itself; it has ${report.addresses.join(', ') || 'none'}.`,
      hint: 'Write the address by which the other hosts reach it as its privateAddress.',
    });
  }
  const used = report.ports.filter(({ port }) => needed.includes(port));
  if (used.length > 0) {
    const words = used.map(({ port, program }) => (program === '' ? port : `${port} (${program})`));
    findings.push({
      code: 'PORTS',
      accept: 'ports',
      message: `On ${title} something else has ${used.length === 1 ? 'a port' : 'ports'} that k3s needs: ${words.join(', ')}.`,
      hint: 'Stop and disable that program.',
    });
  }
  if (report.firewall !== '') {
    findings.push({
      code: 'FIREWALL',
      accept: 'firewall',
      message: `${title} has a firewall of its own (${report.firewall}), which may keep the nodes from each other.`,
      hint: `Let the other hosts in on ${needed.filter((port) => !local.has(port)).join(', ')}${vrrp ? ' and VRRP (IP protocol 112, where keepalived holds the API’s address)' : ''}, and pods (network.pods, network.services) too; or switch it off and guard the network outside of the hosts.`,
    });
  }
  return findings;
}

/** Ports that only the host itself uses. */
const local = new Set(['6444/tcp', '10248/tcp', '10249/tcp', '10256/tcp', '10257/tcp', '10259/tcp', '2381/tcp']);

/** What a node listens on. */
export function portsOf(role: 'control-plane' | 'worker', encryption: 'wireguard' | 'none'): string[] {
  const overlay = encryption === 'wireguard' ? '51820/udp' : '8472/udp';
  const node = ['10250/tcp', '10248/tcp', '10249/tcp', '10256/tcp', '6444/tcp', overlay];
  return role === 'worker' ? node : ['6443/tcp', '2379/tcp', '2380/tcp', '2381/tcp', '10257/tcp', '10259/tcp', ...node];
}

/** Seconds that a host's clock is ahead, at the least; 0 when it can be right. */
function skewOf(time: number | undefined, { before, after }: Asked): number {
  if (time === undefined) return 0;
  // It tells whole seconds, cut off.
  if (time > after / 1000) return Math.floor(time - after / 1000);
  if (time + 1 < before / 1000) return -Math.floor(before / 1000 - time - 1);
  return 0;
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
