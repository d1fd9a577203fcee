import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { hostsSnippet, readSshEndpoints, withHostKeys } from '../../src/config/ssh-endpoints.js';
import { fingerprint, generateKeyPair } from '../../src/remote/index.js';
import { parseScanAddress, scanTargetsOf } from '../../src/cli/scan-targets.js';
import { renderScan } from '../../src/cli/views/host-scan.js';
import { scanHosts } from '../../src/workflows/host/scan.js';
import { systemClock } from '../../src/domain/index.js';
import { RecordingReporter } from '../support/recording-reporter.js';
import { sshdMissing, startHost } from '../support/sshd.js';

const file = async (text: string, name = 'cluster.yaml'): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), 'slipway-scan-')), name);
  await writeFile(path, text);
  return path;
};

describe('an address to scan', () => {
  it.each([
    ['10.0.0.11', { name: 'host-10-0-0-11', address: '10.0.0.11', port: 22, user: undefined }],
    ['rack1.example.org', { name: 'rack1', address: 'rack1.example.org', port: 22, user: undefined }],
    ['admin@rack1:2222', { name: 'rack1-2222', address: 'rack1', port: 2222, user: 'admin' }],
    ['2001:db8::1', { name: 'host-2001-db8-1', address: '2001:db8::1', port: 22, user: undefined }],
    ['root@[2001:db8::1]:2222', { name: 'host-2001-db8-1-2222', address: '2001:db8::1', port: 2222, user: 'root' }],
  ])('is read from %s', (text, expected) => {
    expect(parseScanAddress(text)).toEqual({ ...expected, pins: [] });
  });

  it.each(['', 'a b', 'rack1:0', 'rack1:70000', 'rack1:ssh', '[2001:db8::1', '@rack1', 'a@b@c'])(
    'is not read from "%s", with an example',
    (text) => {
      expect(() => parseScanAddress(text)).toThrow(
        expect.objectContaining({ code: 'BAD_ADDRESS', exitCode: 2 }) as Error,
      );
    },
  );
});

describe('the hosts of a file that is not complete yet', () => {
  const text = `# ours
name: metal
provider:
  name: ssh
  hosts:
    - name: rack1 # the first
      address: 10.0.0.11
    - {name: rack2, address: 10.0.0.12, port: 2222, hostKey: 'SHA256:${'a'.repeat(43)}'}
`;

  it('are read with the keys there are', async () => {
    const { targets } = await scanTargetsOf(await file(text), {});
    expect(targets).toMatchObject([
      { name: 'rack1', address: '10.0.0.11', port: 22, pins: [] },
      { name: 'rack2', address: '10.0.0.12', port: 2222, pins: [`SHA256:${'a'.repeat(43)}`] },
    ]);
  });

  it('get keys written to them, and nothing else of the file changes', () => {
    const written = withHostKeys(text, new Map([[0, 'ssh-ed25519 AAAA']]));
    expect(written).toBe(text.replace('address: 10.0.0.11\n', 'address: 10.0.0.11\n      hostKey: ssh-ed25519 AAAA\n'));
  });

  it('that have faults are told with their line', async () => {
    const bad = await file(text.replace('address: 10.0.0.11', 'adress: 10.0.0.11'));
    await expect(readSshEndpoints(bad)).rejects.toMatchObject({
      code: 'BAD_CLUSTER_FILE',
      details: [expect.stringContaining(`${bad}:6:`) as string],
    });
    await expect(readSshEndpoints(join(bad, 'none'))).rejects.toMatchObject({ code: 'NO_CLUSTER_FILE' });
  });

  it('behind another host are entered with the key of the file, which is meant from where the file is', async () => {
    const { publicKey, privateKey } = generateKeyPair('me');
    const path = await file(`provider:
  name: ssh
  identity: id
  hosts:
    - {name: rack1, address: 10.0.0.11, jump: {address: gate.example.org, hostKey: '${publicKey}'}}
`);
    await expect(scanTargetsOf(path, {})).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
    await writeFile(join(path, '../id'), privateKey.reveal());
    const { targets } = await scanTargetsOf(path, {});
    expect(targets[0]?.jump).toMatchObject({ address: 'gate.example.org', user: 'root', owned: true });
    expect(await targets[0]?.jump?.pins()).toEqual([publicKey]);
  });

  it('are shown so that they can be pasted', () => {
    const hosts = [{ name: 'rack1', address: '10.0.0.11', port: 22, user: 'admin', hostKey: 'ssh-ed25519 AAAA' }];
    expect(parse(hostsSnippet(hosts))).toEqual({
      provider: {
        name: 'ssh',
        hosts: [{ name: 'rack1', address: '10.0.0.11', user: 'admin', hostKey: 'ssh-ed25519 AAAA' }],
      },
    });
  });
});

describe.skipIf(sshdMissing)(`a scan ${sshdMissing ?? ''}`, () => {
  it('tells hosts that are known, new, different and silent from each other', async () => {
    const host = await startHost();
    try {
      const endpoint = { address: '127.0.0.1', port: host.sshdPort };
      const print = fingerprint(host.hostKey.publicKey);
      const other = fingerprint(generateKeyPair('other').publicKey);
      const hosts = await scanHosts(
        { reporter: new RecordingReporter(), clock: systemClock, signal: new AbortController().signal },
        [
          { ...endpoint, name: 'known', pins: [host.hostKey.publicKey] },
          { ...endpoint, name: 'print', pins: [other, print] },
          { ...endpoint, name: 'new', pins: [] },
          { ...endpoint, name: 'other', pins: [other] },
          { address: '127.0.0.1', port: 1, name: 'silent', pins: [other] },
        ],
      );
      expect(hosts.map(({ name, state }) => [name, state])).toEqual([
        ['known', 'known'],
        ['print', 'known'],
        ['new', 'new'],
        ['other', 'differs'],
        ['silent', 'silent'],
      ]);
      const text = renderScan(hosts);
      expect(text).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
      expect(text).toContain(`${print}  (in the file)`);
      expect(text).toContain(`in the file          ${other}`);
    } finally {
      await host.stop();
    }
  });
});
