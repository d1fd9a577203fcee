import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { took } from '../support/chapter.js';
import { changes, fingerprint, fingerprints } from '../support/fingerprint.js';
import { addressOf, isServer, whole } from '../support/kube.js';
import { createHosts, createPlainHost, destroyHosts, plugIn, type RigHost, ssh, unplug } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { key: 31, silent: 32, sudo: 33, port: 34, left: 35, good: 36 };
const systemless = 'plain';

interface Trouble {
  readonly host: string;
  readonly about: string;
  /** What of the host's line in the file is wrong. */
  readonly wrong?: (good: RigHost) => Parameters<typeof listed>[1];
  readonly right?: Parameters<typeof listed>[1];
  readonly cause?: (host: string) => Promise<unknown>;
  readonly mend?: (host: string) => Promise<unknown>;
  /** In the error: what is wrong, and what to do. */
  readonly says: readonly RegExp[];
}

const troubles: readonly Trouble[] = [
  {
    host: 'key',
    about: 'another host key than the file says',
    wrong: (good) => ({ hostKey: good.fingerprint }),
    says: [/key/i, /host scan/],
  },
  {
    host: 'silent',
    about: 'a host that does not answer',
    cause: unplug,
    mend: plugIn,
    says: [
      /waiting for silent to accept SSH at 10\.231\.7\.32:22/,
      /Bring silent back or take it out of provider\.hosts/,
    ],
  },
  {
    host: 'sudo',
    about: 'a user whose sudo is refused',
    wrong: () => ({ user: 'ops' }),
    right: { user: 'ops' },
    cause: (host) => ssh(host, 'mv /etc/sudoers.d/ops /root/sudoers.ops'),
    mend: (host) => ssh(host, 'mv /root/sudoers.ops /etc/sudoers.d/ops'),
    says: [/sudo/, /NOPASSWD|without a password/],
  },
  {
    host: 'port',
    about: 'a port that something else listens on',
    cause: (host) => ssh(host, 'systemd-run --quiet --unit=squatter --collect socat TCP-LISTEN:10250,fork /dev/null'),
    mend: (host) => ssh(host, 'systemctl stop squatter'),
    says: [/10250/, /socat/],
  },
  {
    host: 'left',
    about: 'an earlier k3s that was half removed',
    cause: (host) =>
      ssh(host, 'echo half >/usr/local/bin/k3s; mkdir -p /etc/rancher/k3s; echo x >/etc/systemd/system/k3s.service'),
    mend: (host) => ssh(host, 'rm -r /usr/local/bin/k3s /etc/rancher /etc/systemd/system/k3s.service'),
    says: [/an earlier k3s that is not ours/, /\/usr\/local\/bin\/k3s/, /remove it/],
  },
];

/** What is wrong with a host is said before anything is changed on any, with the remedy; mended, it goes on. */
describe('hosts that cannot be taken as they are', () => {
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let good: RigHost;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    good = hosts.get('good')!;
  });
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets), systemless);
    slipway.close();
  });

  const write = (trouble: RigHost, more?: Parameters<typeof listed>[1]): void =>
    slipway.write(
      ringFile('refused', [listed(good, { type: 'server' }), listed(trouble, { type: 'agent', ...more })], {
        controlPlane: { count: 1, type: 'server' },
        pools: [{ name: 'workers', type: 'agent', count: 1 }],
      }),
    );
  const refused = async (says: readonly RegExp[]): Promise<void> => {
    const before = await fingerprint('good');
    const { code, err } = await slipway.run(['cluster', 'create', '-f', slipway.file, '--yes', '--progress', 'plain']);
    expect([2, 3, 4], err).toContain(code);
    for (const pattern of says) expect(err).toMatch(pattern);
    expect(changes(before, await fingerprint('good'))).toEqual([]);
  };

  it.each(troubles)('$about is refused with the remedy, and fine once mended', async (trouble) => {
    const host = hosts.get(trouble.host)!;
    await trouble.cause?.(trouble.host);
    write(host, trouble.wrong?.(good));
    await refused(trouble.says);
    await trouble.mend?.(trouble.host);
    write(host, trouble.right);
    await slipway.done(['cluster', 'plan', '-f', slipway.file]);
  });

  it('a host without systemd is refused', async () => {
    write(await createPlainHost(systemless, 37));
    await refused([/systemd/]);
  });

  it('all that is wrong is said at once', async () => {
    await ssh('port', 'systemd-run --quiet --unit=squatter --collect socat TCP-LISTEN:2379,fork /dev/null');
    await ssh('left', 'echo half >/usr/local/bin/k3s');
    slipway.write(
      ringFile('refused', [listed(good), listed(hosts.get('port')!), listed(hosts.get('left')!)], {
        controlPlane: { count: 3 },
      }),
    );
    await refused([/socat/, /an earlier k3s/]);
    await ssh('port', 'systemctl stop squatter');
    await ssh('left', 'rm /usr/local/bin/k3s');
  });

  it('mended, all become a cluster: by another user, another port, through another host, with labels', async () => {
    const [sudo, port, left, key] = ['sudo', 'port', 'left', 'key'].map((name) => hosts.get(name)!);
    await ssh('port', `printf 'Port 22\\nPort 2222\\n' >/etc/ssh/sshd_config.d/port.conf; systemctl reload ssh`);
    const before = await fingerprints(hosts.keys());
    const jump = { address: key!.address, port: 22, user: 'ops', hostKey: key!.fingerprint };
    slipway.write(
      ringFile(
        'refused',
        [
          listed(good, { type: 'server' }),
          listed(sudo!, { type: 'agent', user: 'ops', labels: { 'ring.test/rack': 'a1' } }),
          listed(port!, { type: 'agent', port: 2222 }),
          listed(left!, { type: 'agent', user: 'ops', jump }),
        ],
        {
          controlPlane: { count: 1, type: 'server' },
          pools: [{ name: 'workers', type: 'agent', count: 3 }],
        },
      ),
    );
    const { ms } = await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    took('create: 1 server and 3 agents, undisturbed', ms);
    const server = await slipway.api('refused');
    const all = await whole(server, { nodes: 4, voters: 1 });
    const workers = all.filter((node) => !isServer(node));
    expect(workers.map(addressOf).sort()).toEqual([sudo!, port!, left!].map(({ address }) => address).sort());
    const labelled = workers.filter(({ metadata }) => metadata.labels?.['ring.test/rack'] === 'a1');
    expect(labelled.map(addressOf)).toEqual([sudo!.address]);
    // What the bundle says of registries.
    for (const name of ['good', 'left'])
      expect(await ssh(name, 'stat -c %a /etc/rancher/k3s/registries.yaml')).toBe('600');
    await slipway.done(['cluster', 'plan', 'refused', '-f', slipway.file, '--detailed-exitcode']);
    await slipway.done(['cluster', 'delete', 'refused', '--yes', '--confirm', 'refused']);
    for (const name of hosts.keys()) expect(changes(before.get(name)!, await fingerprint(name)), name).toEqual([]);
  }, 1_200_000);
});
