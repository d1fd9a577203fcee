import { ssh } from './rig.js';

/**
 * All that could be left behind on a host, a line each: files with their owner, mode and content, units, active
 * services, mounts, interfaces, addresses, routes, firewall rules, users. Without what changes on any host by itself,
 * and without /run/slipway: where host tasks report, in memory, until the next boot.
 */
const look = String.raw`
export LC_ALL=C
find / /var/lib/rancher -xdev \( -path /var/log/journal -o -path /var/lib/systemd -o -path /root/.cache \) -prune -o \
  \( -type f -printf 'file %m %U:%G %s %T@ %p\n' -o -type l -printf 'link %p -> %l\n' \
  -o -type d -printf 'dir %m %U:%G %p\n' -o -printf 'other %y %p\n' \) \
  | grep -vE ' /var/log/(wtmp|btmp|lastlog|apt/|dpkg)| /etc/(resolv.conf|machine-id|mtab|\.updated)$' \
  | grep -vE ' /var/(\.updated|cache/ldconfig|lib/dbus/machine-id|lib/private|lib/sudo/lectured)|tmp/systemd-private-'
ls /run | grep -vx slipway | sed 's/^/run /'
systemctl list-unit-files --no-legend --no-pager | awk '$2 != "transient" { print "unit", $1, $2 }'
systemctl list-units --no-legend --no-pager --plain --type=service,timer,socket --state=active,failed,activating \
  | awk '{print "active", $1, $3}' | grep -vE 'user@|user-runtime-dir@|session-|tmpfiles-clean|@[0-9.:-]+\.service|modprobe@'
findmnt -rno TARGET | sed 's/^/mount /' | grep -v '/run/user\|/run/credentials'
ip -o link | awk -F': ' '{print "interface", $2}' | sed 's/@.*//'
ip -o -4 addr | awk '{print "address", $2, $4}'
ip route show table all | sed 's/^/route /' | grep -v 'linkdown\|table local\|ff00::\|fe80::'
for f in iptables ip6tables; do
  $f-save 2>/dev/null | grep -vE '^#|^\*|^COMMIT|^:[A-Z]+ ACCEPT' | sed -E "s/\[[0-9:]+\]//; s/^/$f /"
done
nft list ruleset 2>/dev/null | grep -E 'table|chain' | grep -vE 'ip6? (filter|nat|mangle|raw|security) |chain (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) ' | sed 's/^/nft /'
getent passwd | sed 's/^/user /'
ps -e -o comm= | grep -E 'k3s|containerd|keepalived|kube' | sed 's/^/process /'
ipset list -n 2>/dev/null | sed 's/^/ipset /'
true
`;

/** What a host is like now; times of directories do not count, those of files do. */
export async function fingerprint(name: string): Promise<readonly string[]> {
  const text = await ssh(name, 'sh', look);
  return [...new Set(text.split('\n').filter(Boolean))].sort();
}

/** What came (`+ …`) and what went (`- …`) between two looks. */
export function changes(before: readonly string[], after: readonly string[]): readonly string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
  ];
}

export const fingerprints = async (names: Iterable<string>): Promise<Map<string, readonly string[]>> =>
  new Map(await Promise.all([...names].map(async (name) => [name, await fingerprint(name)] as const)));
