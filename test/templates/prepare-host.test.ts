import { spawnSync } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { prepareHost } from '../../src/distributions/k3s/host/index.js';
import { isRoot, sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

const guard = 'usr/local/lib/slipway/metadata-guard.sh';
const networksMissing = whyNoNetworks();
const unit = 'etc/systemd/system/slipway-metadata-guard.service';

describe.skipIf(sshdMissing)(`prepare-host ${sshdMissing ?? ''}`, () => {
  const rig = useHost();

  it('writes modules and settings and has systemd take them', async () => {
    expect(await rig.run(prepareHost({ blockMetadata: true }))).toEqual({ changed: 'true' });
    expect(await rig.host.read('etc/modules-load.d/slipway.conf')).toBe('overlay\nbr_netfilter\n');
    expect(await rig.host.read('etc/sysctl.d/90-slipway.conf')).toContain('net.ipv4.ip_forward = 1\n');
    expect((await stat(join(rig.host.prefix, 'etc/sysctl.d/90-slipway.conf'))).mode & 0o777).toBe(0o644);
    const calls = await rig.host.systemctlCalls();
    expect(calls).toContain('restart systemd-modules-load.service');
    expect(calls).toContain('restart systemd-sysctl.service');
  });

  it('enables the metadata guard, so that it survives a reboot', async () => {
    const calls = await rig.host.systemctlCalls();
    expect(calls).toContain('enable slipway-metadata-guard.service');
    expect(calls).toContain('restart slipway-metadata-guard.service');
    expect(await rig.host.read(unit)).toContain('WantedBy=multi-user.target');
  });

  it('changes nothing a second time', async () => {
    expect(await rig.run(prepareHost({ blockMetadata: true }))).toEqual({ changed: 'false' });
  });

  it('takes the guard away again where it is not desired', async () => {
    expect(await rig.run(prepareHost({ blockMetadata: false }))).toEqual({ changed: 'true' });
    expect(await rig.host.read(unit)).toBeUndefined();
    expect(await rig.host.systemctlCalls()).toContain('disable --now slipway-metadata-guard.service');
    expect(await rig.run(prepareHost({ blockMetadata: false }))).toEqual({ changed: 'false' });
  });

  describe.skipIf(networksMissing)(`the guard itself ${networksMissing ?? ''}`, () => {
    it.each([
      ['nft', ''],
      ['iptables, where there is no nft', 'without_nft'],
    ])('drops what pods send to the metadata service and nothing else, by %s', async (_tool, without) => {
      await rig.run(prepareHost({ blockMetadata: true }));
      const script = join(rig.host.prefix, 'try-guard.sh');
      await writeFile(script, networks(join(rig.host.prefix, guard), without));
      const { stdout, stderr } = spawnSync('sh', [script], { encoding: 'utf8' });
      expect({ stderr, lines: stdout.trim().split('\n') }).toEqual({
        stderr: '',
        lines: [
          'before: metadata yes',
          'on: metadata no',
          'on: elsewhere yes',
          'on: host itself yes',
          'on twice: 1 rule',
          'off: metadata yes',
        ],
      });
    });
  });
});

/** A pod, a host that forwards, and a metadata service, as three network namespaces. */
function networks(guardScript: string, without: string): string {
  return `set -eu
id=sg$$
pod=$id-pod host=$id-host cloud=$id-cloud
trap 'for n in $pod $host $cloud; do ip netns del $n 2>/dev/null || :; done' EXIT
for n in $pod $host $cloud; do ip netns add $n; ip -n $n link set lo up; done
ip -n $host link add p type veth peer name eth0 netns $pod
ip -n $host link add c type veth peer name eth0 netns $cloud
ip -n $host addr add 10.42.0.1/24 dev p; ip -n $host link set p up
ip -n $host addr add 169.254.0.1/16 dev c; ip -n $host link set c up
ip -n $host addr add 198.51.100.1/24 dev c
ip -n $pod addr add 10.42.0.2/24 dev eth0; ip -n $pod link set eth0 up
ip -n $pod route add default via 10.42.0.1
ip -n $cloud addr add 169.254.169.254/16 dev eth0; ip -n $cloud link set eth0 up
ip -n $cloud addr add 198.51.100.7/24 dev eth0
ip -n $cloud route add 10.42.0.0/24 via 198.51.100.1
ip netns exec $host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
without_nft() {
  mkdir -p "\${0%/*}/only"; ln -sf "$(command -v iptables)" "$(command -v sh)" "\${0%/*}/only"
  PATH="\${0%/*}/only" "$@"
}
ip=$(command -v ip)
guard() { ${without} "$ip" netns exec $host /bin/sh ${guardScript} "$1"; }
answers() { ip netns exec "$1" ping -c 1 -W 1 "$2" >/dev/null 2>&1 && echo yes || echo no; }
# Neighbours are learned first, so that one second is enough for an answer.
answers $pod 169.254.169.254 >/dev/null; answers $pod 198.51.100.7 >/dev/null
echo "before: metadata $(answers $pod 169.254.169.254)"
guard on
echo "on: metadata $(answers $pod 169.254.169.254)"
echo "on: elsewhere $(answers $pod 198.51.100.7)"
echo "on: host itself $(answers $host 169.254.169.254)"
guard on
echo "on twice: $(ip netns exec $host nft list ruleset | grep -c 169.254.169.254) rule"
guard off
echo "off: metadata $(answers $pod 169.254.169.254)"
`;
}

function whyNoNetworks(): string | undefined {
  if (!isRoot) return 'skipped: network namespaces need root';
  const probe = 'command -v nft && command -v ping && ip netns add slipway-probe && ip netns del slipway-probe';
  return spawnSync('sh', ['-c', probe]).status === 0 ? undefined : 'skipped: needs ip, nft and ping';
}
