import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { type VipConfig, holdVip, vipDescription, observe, parseHostState } from '../../src/distributions/k3s/host/index.js';
import { sha256 } from '../support/bundles.js';
import { ipStandIn, keepalivedStandIn, kubectlStandIn } from '../support/host-stand-ins.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

const address = '10.0.0.5';
const turn: VipConfig = {
  vipProvider: 'keepalived',
  address,
  ownAddress: '10.0.0.11',
  peers: ['10.0.0.13', '10.0.0.12'],
  slot: 1,
  clusterId: 'c0ffee',
  waitSeconds: 5,
};
const kubeVip: VipConfig = { ...turn, vipProvider: 'kube-vip' };
const keepalivedHere = existsSync('/usr/sbin/keepalived');

describe.skipIf(sshdMissing)(`hold-with-keepalived and hold-with-kube-vip ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const config = 'etc/slipway/keepalived.conf';
  const pod = 'var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml';
  const standIn = (name: string, text: string) => rig.host.write(`var/stand-in/${name}`, text);
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(rig.host.bin, name), text);
    await chmod(join(rig.host.bin, name), 0o755);
  };
  /** What happens while the task gives the servers' keepalived time to hear each other. */
  const patience = (what: string) =>
    program('sleep', `#!/bin/sh\n[ "$1" = 6 ] || exec /bin/sleep 0.1\n${what}\n`);
  const hold = (changes: Partial<VipConfig> = {}) => rig.run(holdVip({ ...turn, ...changes }));
  const held = async () => parseHostState(await rig.run(observe())).vip;
  const verbs = async (): Promise<string[]> =>
    (await rig.host.systemctlCalls())
      .filter((call) => /^(re)?(start|load)|^disable/.test(call))
      .map((call) => call.replace(/\.service$/, ''));

  beforeEach(async () => {
    for (const path of ['var/stand-in', 'etc/systemd', 'etc/slipway', 'var/lib/slipway', 'var/lib/rancher']) {
      await rm(join(rig.host.prefix, path), { recursive: true, force: true });
    }
    for (const name of ['ping', 'sleep', 'apt-get', 'getenforce', 'keepalived', 'selinuxenabled', 'chcon'])
      await rm(join(rig.host.bin, name), { force: true });
    await program('ip', ipStandIn);
    await patience(':');
    await program('keepalived', keepalivedStandIn);
    await rig.host.write('usr/local/bin/k3s', kubectlStandIn, 0o755);
    await standIn('addresses', `lo 127.0.0.1/8\neth1 10.0.0.11/24\n`);
    await standIn('names', `10.0.0.11\n${address}\n`);
    await standIn('api', `10.0.0.11\n${address}\n`);
  });

  it('makes this server one of those that hold the address, and says so when it is asked', async () => {
    expect(await hold()).toMatchObject({ interface: 'eth1', holds: 'false', changed: 'true' });
    const text = (await rig.host.read(config))!;
    expect(text).toContain('unicast_src_ip 10.0.0.11\n');
    expect(text).toMatch(/unicast_peer \{\n\s+10\.0\.0\.12\n\s+10\.0\.0\.13\n\s+\}/);
    expect(text).toContain(`${address}/32 dev eth1`);
    expect(text).toMatch(/virtual_router_id 5\n\s+priority 254\n/);
    expect((await stat(join(rig.host.prefix, config))).mode & 0o777).toBe(0o600);
    expect(await rig.host.systemctlCalls()).toContain('enable slipway-keepalived.service');
    expect(await verbs()).toEqual(['start slipway-keepalived']);
    expect(await held()).toBe(vipDescription(turn));
  });

  it('leaves a keepalived alone that has these very settings', async () => {
    await hold();
    expect(await hold()).toMatchObject({ changed: 'false' });
    expect(await verbs()).toEqual(['start slipway-keepalived']);
  });

  it('asks the API of this very server whether it is ready', async () => {
    await hold();
    await program('curl', '#!/bin/sh\necho "$*" >"$SLIPWAY_PREFIX/var/stand-in/asked"\ntest -e "$SLIPWAY_PREFIX/ready"\n');
    const env = { PATH: `${rig.host.bin}:/usr/bin:/bin`, SLIPWAY_PREFIX: rig.host.prefix };
    const check = () => spawnSync('sh', [join(rig.host.prefix, 'etc/slipway/api-alive.sh')], { env }).status;
    expect(check()).toBe(1);
    await rig.host.write('ready', '');
    expect(check()).toBe(0);
    expect(await rig.host.read('var/stand-in/asked')).toContain('https://127.0.0.1:6443/readyz');
    await rm(join(rig.host.bin, 'curl'));
  });

  describe('where SELinux confines keepalived', () => {
    const script = () => join(rig.host.prefix, 'etc/slipway/api-alive.sh');
    /** A label goes to a file that is there, and is lost with it; the calls of systemctl and of this are in one list. */
    const chcon = `#!/bin/sh
[ "$#" = 3 ] && [ "$1" = -t ] && [ -s "$3" ] || exit 64
echo "chcon $*" >>"$SLIPWAY_PREFIX/var/stand-in/calls"
`;
    const refusing = '#!/bin/sh\necho "chcon: failed to change context: Invalid argument" >&2\nexit 1\n';
    const labelled = async () => (await rig.host.systemctlCalls()).filter((call) => /^chcon|^start/.test(call));

    it('labels its script, so that keepalived may run it, before keepalived starts', async () => {
      await program('selinuxenabled', '#!/bin/sh\nexit 0\n');
      await program('chcon', chcon);
      await hold();
      const label = `chcon -t keepalived_unconfined_script_exec_t ${script()}`;
      expect(await labelled()).toEqual([label, 'start slipway-keepalived.service']);
    });

    it('labels nothing where SELinux is off', async () => {
      await program('selinuxenabled', '#!/bin/sh\nexit 1\n');
      await program('chcon', chcon);
      await hold();
      expect(await labelled()).toEqual(['start slipway-keepalived.service']);
    });

    it('says why it cannot hold the address where the label is refused, with the remedy', async () => {
      await program('selinuxenabled', '#!/bin/sh\nexit 0\n');
      await program('chcon', refusing);
      await program('getenforce', '#!/bin/sh\necho Enforcing\n');
      await expect(hold()).rejects.toMatchObject({
        taskCode: 'SELINUX_LABEL',
        message: expect.stringMatching(/api-alive\.sh.*SELinux.*Invalid argument/) as string,
        hint: expect.stringContaining('vipProvider: kube-vip') as string,
      });
      expect(await verbs()).toEqual([]);
      expect(await held()).toBeUndefined();
    });

    it('goes on without the label where SELinux only warns', async () => {
      await program('selinuxenabled', '#!/bin/sh\nexit 0\n');
      await program('chcon', refusing);
      await program('getenforce', '#!/bin/sh\necho Permissive\n');
      await hold();
      expect(await held()).toBe(vipDescription(turn));
    });
  });

  it('learns of other servers without letting go of the address', async () => {
    await hold();
    expect(await hold({ peers: ['10.0.0.14'] })).toMatchObject({ changed: 'true' });
    expect(await verbs()).toEqual(['start slipway-keepalived', 'reload slipway-keepalived']);
    expect(await rig.host.read(config)).not.toContain('10.0.0.12');
    expect(await held()).toBe(vipDescription({ ...turn, peers: ['10.0.0.14'] }));
  });

  it('stands alone where there is one server', async () => {
    await hold({ peers: [] });
    expect(await rig.host.read(config)).not.toContain('unicast_peer');
  });

  it.each([
    ['somebody changed its configuration', async () => rig.host.write(config, 'changed by hand\n')],
    ['it was stopped', async () => standIn('slipway-keepalived.service.state', 'inactive')],
  ])('does not hold once %s, and does again when it is told to', async (_what, spoil) => {
    await hold();
    await spoil();
    expect(await held()).toBeUndefined();
    await hold();
    expect(await held()).toBe(vipDescription(turn));
  });

  it('refuses before it changes anything where the server’s certificate does not name the address', async () => {
    await standIn('names', '10.0.0.11\n');
    await expect(hold()).rejects.toMatchObject({ taskCode: 'NOT_IN_CERTIFICATE' });
    await expect(hold({ vipProvider: 'kube-vip' })).rejects.toMatchObject({ taskCode: 'NOT_IN_CERTIFICATE' });
    expect(await rig.host.read(config)).toBeUndefined();
    expect(await rig.host.read(pod)).toBeUndefined();
  });

  it('goes on where k3s was started with the address, which its certificate names once it is asked there', async () => {
    const path = 'etc/rancher/k3s/config.yaml';
    await standIn('names', '10.0.0.11\n');
    await standIn('adds', '');
    const started = (config: string) =>
      Promise.all([rig.host.write(path, config), rig.host.write('var/lib/slipway/k3s.started', `${sha256(config)}/u/b\n`)]);
    await started(`node-label:\n  - "a=${address}"\ntls-san:\n  - "10.0.0.11"\nserver: "https://${address}:6443"\n`);
    await expect(hold()).rejects.toMatchObject({ taskCode: 'NOT_IN_CERTIFICATE' });
    const right = `tls-san:\n  - "10.0.0.11"\n  - "${address}"\nwrite-kubeconfig-mode: "0600"\n`;
    await rig.host.write(path, right);
    await standIn('names', '10.0.0.11\n');
    await expect(hold()).rejects.toMatchObject({ taskCode: 'NOT_IN_CERTIFICATE' });
    await standIn('names', '10.0.0.11\n');
    await started(right);
    expect(await hold()).toMatchObject({ changed: 'true' });
    await rm(join(rig.host.prefix, path));
  });

  it('gives up at its deadline when the API does not answer there, with the remedy', async () => {
    await standIn('api', '10.0.0.11\n');
    await expect(hold({ waitSeconds: 1 })).rejects.toMatchObject({
      taskCode: 'ADDRESS_SILENT',
      message: expect.stringContaining(`did not answer at ${address} within 1 s`) as string,
      hint: expect.stringContaining('free address') as string,
    });
    expect(await held()).toBeUndefined();
  });

  it('shows how the pods of kube-vip are when the API does not answer there', async () => {
    await standIn('api', '10.0.0.11\n');
    await standIn('pods', 'kube-vip-a   Pending   ImagePullBackOff   no way to the registry\n');
    await expect(hold({ vipProvider: 'kube-vip', waitSeconds: 1 })).rejects.toMatchObject({
      taskCode: 'ADDRESS_SILENT',
      details: expect.arrayContaining(['kube-vip-a   Pending   ImagePullBackOff   no way to the registry']) as string[],
    });
  });

  it('leaves an address alone that a stranger answers at', async () => {
    await standIn('api', '10.0.0.11\n');
    await program('ping', '#!/bin/sh\nexit 0\n');
    await expect(hold()).rejects.toMatchObject({ taskCode: 'ADDRESS_TAKEN' });
    expect(await verbs()).toEqual([]);
  });

  it('steps back when it takes an address that another server has: they do not hear each other', async () => {
    // As keepalived does when no word of the others comes through.
    await patience(`echo "eth1 ${address}/32" >>"$SLIPWAY_PREFIX/var/stand-in/addresses"`);
    await expect(hold()).rejects.toMatchObject({
      taskCode: 'ADDRESS_TWICE',
      hint: expect.stringContaining('protocol 112') as string,
    });
    expect((await verbs()).at(-1)).toBe('disable --now slipway-keepalived');
    expect(await held()).toBeUndefined();
  });

  it('finds no interface for an address that is not the server’s', async () => {
    await expect(hold({ ownAddress: '10.9.9.9' })).rejects.toMatchObject({ taskCode: 'PRIVATE_INTERFACE_MISSING' });
  });

  describe.skipIf(keepalivedHere)(`without keepalived ${keepalivedHere ? 'skipped: this computer has one' : ''}`, () => {
    const packages = 'var/lib/slipway/keepalived.installed';
    /** Knows keepalived, which brings a library; `needs`: another package has come to need that. */
    const aptGet = (installs: boolean): string => `#!/bin/sh
echo "$*" >>"$SLIPWAY_PREFIX/var/stand-in/apt"
needs=$(test -e "$SLIPWAY_PREFIX/var/stand-in/needs" && echo yes)
case "$*" in
  *install*--simulate) echo 'Inst libnl-3 (3.7 Debian)'; echo 'Inst libc6 [2.36] (2.37 Debian)'; echo 'Inst keepalived (2.2 Debian)' ;;
  *" install "*) ${installs ? `cp "$SLIPWAY_PREFIX/keepalived" "${rig.host.bin}/keepalived"` : 'echo "E: Unable to locate package keepalived" >&2; exit 100'} ;;
  *--simulate*purge*)
    shift 3
    for package in "$@"; do
      echo "Purg $package [1.0]"
      [ "$package$needs" != libnl-3yes ] || echo 'Remv their-tool [1.0]'
    done
    ;;
  *purge*) rm "${rig.host.bin}/keepalived" ;;
esac
`;
    const purged = async (): Promise<string | undefined> =>
      /^.*Timeout=120 purge -y (.*)$/m.exec((await rig.host.read('var/stand-in/apt'))!)?.[1];
    beforeEach(async () => {
      await rm(join(rig.host.bin, 'keepalived'));
      await rig.host.write('keepalived', keepalivedStandIn, 0o755);
    });

    it('installs it, remembers that, and removes it again when kube-vip takes over', async () => {
      await program('apt-get', aptGet(true));
      await hold();
      expect(await rig.host.read(packages)).toBe('apt-get\nlibnl-3 keepalived \n');
      expect(await rig.run(holdVip(kubeVip))).toMatchObject({ changed: 'true' });
      expect(existsSync(join(rig.host.bin, 'keepalived'))).toBe(false);
      expect(await purged()).toBe('libnl-3 keepalived');
      expect(await rig.host.read(packages)).toBeUndefined();
      expect(await verbs()).toContain('disable --now slipway-keepalived');
    });

    it('leaves what came along where something else has come to need it', async () => {
      await program('apt-get', aptGet(true));
      await hold();
      await standIn('needs', '');
      await rig.run(holdVip(kubeVip));
      expect(await purged()).toBe('keepalived');
    });

    it('says what to do where it cannot be had, and leaves nothing behind', async () => {
      await program('apt-get', aptGet(false));
      await expect(hold()).rejects.toMatchObject({
        taskCode: 'KEEPALIVED_MISSING',
        message: expect.stringContaining('Unable to locate package') as string,
        hint: expect.stringContaining('vipProvider: kube-vip') as string,
      });
      expect(await rig.host.read(packages)).toBeUndefined();
      expect(await rig.host.read(config)).toBeUndefined();
    });
  });

  it('leaves a keepalived that was there before us when kube-vip takes over', async () => {
    await hold();
    await rig.run(holdVip(kubeVip));
    expect(existsSync(join(rig.host.bin, 'keepalived'))).toBe(true);
  });

  it('writes the static pod of kube-vip with its interface and address, once', async () => {
    expect(await rig.run(holdVip(kubeVip))).toMatchObject({ interface: 'eth1', changed: 'true' });
    const text = await readFile(join(rig.host.prefix, pod), 'utf8');
    expect(text).toMatch(/name: vip_interface\n\s+value: "eth1"/);
    expect(text).toMatch(/name: address\n\s+value: "10\.0\.0\.5"/);
    expect(text).not.toContain('@');
    expect(await held()).toBe(vipDescription(kubeVip));
    expect(await rig.run(holdVip(kubeVip))).toMatchObject({ changed: 'false' });
    await rm(join(rig.host.prefix, pod));
    expect(await held()).toBeUndefined();
  });

  it('takes the pod of kube-vip away when keepalived takes over, and waits for its end', async () => {
    await rig.run(holdVip(kubeVip));
    await standIn('ending', 'pod\npod\n');
    const calls = '$SLIPWAY_PREFIX/var/stand-in/calls';
    const waited = 'var/stand-in/waited';
    await program('sleep', `#!/bin/sh\n[ "$1" != 1 ] || { echo waits; cat "${calls}" 2>/dev/null || :; } >>"$SLIPWAY_PREFIX/${waited}"\n`);
    await hold();
    expect(await rig.host.read(pod)).toBeUndefined();
    expect(await rig.host.read('var/stand-in/ending')).toBe('');
    expect(await rig.host.read(waited)).toMatch(/^waits\n(?!.*start slipway-keepalived)/s);
    expect(await held()).toBe(vipDescription(turn));
  });

  it('takes an address that another server has as long as that is by kube-vip, which hears nobody', async () => {
    await patience(`echo "eth1 ${address}/32" >>"$SLIPWAY_PREFIX/var/stand-in/addresses"`);
    await hold({ isHandover: true });
    expect(await held()).toBe(vipDescription(turn));
    expect((await verbs()).at(-1)).toBe('start slipway-keepalived');
  });
});

describe('the settings of a turn', () => {
  it('are the same whatever order the peers come in, and others for any other turn', () => {
    expect(vipDescription({ ...turn, peers: [...turn.peers].reverse() })).toBe(vipDescription(turn));
    const others: Partial<VipConfig>[] = [
      { peers: ['10.0.0.12'] },
      { slot: 2 },
      { address: '10.0.0.6' },
      { ownAddress: '10.0.0.14' },
      { clusterId: 'other' },
      { vipProvider: 'kube-vip' },
    ];
    expect(new Set([vipDescription(turn), ...others.map((other) => vipDescription({ ...turn, ...other }))]).size).toBe(7);
  });
});
