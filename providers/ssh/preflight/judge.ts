import type { Role } from '../../../src/domain/machine.js';
import type { HostSpec } from '../../../src/domain/spec/hosts.js';
import type { ClusterRequest, Problem } from '../../../src/provider/port.js';
import { privateAddressOf, titleOf } from '../hosts.js';
import type { HostReport } from './facts.js';
import type { Finding } from './finding.js';
import { leftoverFindings, uniqueFindings } from './leftovers.js';
import { resourceFindings } from './resources.js';
import { type Asked, networkFindings, portsOf, timeFindings } from './surroundings.js';
import { systemFindings } from './system.js';

/** A host that was looked at. */
export interface Inspected {
  readonly host: HostSpec;
  /** What it does or shall do; undefined for one that stands by. */
  readonly role: Role | undefined;
  /** Whether it is nobody's yet: what is on it then is not ours. */
  readonly free: boolean;
  readonly report: HostReport;
  readonly asked: Asked;
}

export interface Judgement {
  readonly problems: readonly Problem[];
  /** What was accepted, what is mild, and what hosts that stand by are not ready for. */
  readonly notes: readonly string[];
}

/** What of a request says what hosts need. */
type Judged = Pick<ClusterRequest, 'accept' | 'encryption' | 'apiAddress'>;

/** What stands in the way on hosts, and what is only worth saying. */
export function judgeHosts(inspected: readonly Inspected[], request: Judged): Judgement {
  const { accept } = request;
  const problems: Problem[] = [];
  const notes: string[] = [];
  const weigh = (finding: Finding, standby: boolean, path: string): void => {
    const { code, accept: word, message, hint, mild = false } = finding;
    const accepted = word !== undefined && accept.includes(word);
    if (mild && accepted) return;
    if (accepted) return void notes.push(`${message} Gone on with, since preflight.accept has ${word}.`);
    if (mild) return void notes.push(`${message} ${hint}`);
    if (standby) return void notes.push(`${message} It only stands by; before it is needed: ${hint}`);
    const knowingly = word === undefined ? '' : ` To go on as it is: preflight: {accept: [${word}]}`;
    problems.push({ code, message, hint: `${hint}${knowingly}`, kind: 'refused', path });
  };
  for (const one of inspected) {
    const path = `provider.hosts[${one.host.name}]`;
    for (const finding of findingsOf(one, request)) weigh(finding, one.role === undefined, path);
  }
  const named = inspected.map(({ host, report }) => ({ title: titleOf(host), report }));
  for (const finding of uniqueFindings(named)) weigh(finding, false, 'provider.hosts');
  return { problems, notes };
}

function findingsOf(one: Inspected, { encryption, apiAddress }: Judged): Finding[] {
  const { host, role = 'worker', free, report, asked } = one;
  const title = titleOf(host);
  const time = timeFindings(title, report, asked);
  // What is found on a host of ours is what we put there.
  if (!free) return time;
  return [
    ...systemFindings(title, report, encryption === 'wireguard'),
    ...resourceFindings(title, report, role),
    ...time,
    ...networkFindings(title, report, privateAddressOf(host), {
      ports: portsOf(role, encryption),
      vrrp: role === 'control-plane' && apiAddress !== undefined,
    }),
    ...leftoverFindings(title, report),
  ];
}
