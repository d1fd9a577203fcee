import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { authorizePod, helperImage, toldHostKey } from '../../src/phases/authorize-pod.js';
import { generateKeyPair } from '../../src/remote/keys.js';

const hostKey = generateKeyPair('host');
const mine = generateKeyPair('slipway-demo').publicKey;
let host: string;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'slipway-authorize-'));
  mkdirSync(join(host, 'etc/ssh'), { recursive: true });
  mkdirSync(join(host, 'root/.ssh'), { recursive: true });
  writeFileSync(join(host, 'etc/ssh/ssh_host_ed25519_key.pub'), `${hostKey.publicKey}\n`);
});
afterEach(() => rmSync(host, { recursive: true, force: true }));

/** The script as the pod runs it. */
function run(publicKey = mine) {
  const pod = authorizePod({ node: 'demo-cp-1', publicKey, image: 'busybox' });
  const [container] = (pod['spec'] as { containers: [{ command: string[]; env: { name: string; value: string }[] }] })
    .containers;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  const [shell = '', ...args] = container.command;
  return spawnSync(shell, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env, HOST: host } });
}
const authorized = (): string => join(host, 'root/.ssh/authorized_keys');

describe('the pod that lets a key into its node', () => {
  it('adds the key once, keeps the others, and tells the host’s key', () => {
    const other = generateKeyPair('somebody').publicKey;
    // The last line has no end, as some editors leave it.
    writeFileSync(authorized(), `# theirs\n${other}`);
    const first = run();
    expect(first.status, first.stderr).toBe(0);
    expect(toldHostKey(first.stdout)).toBe(hostKey.publicKey.split(' ').slice(0, 2).join(' '));
    const again = run();
    expect(again.stdout).toContain('changed=false');
    expect(readFileSync(authorized(), 'utf8')).toBe(`# theirs\n${other}\n${mine}\n`);
    expect((statSync(authorized()).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(join(host, 'root/.ssh'))).toEqual(['authorized_keys']);
  });

  it('does not take a commented or longer line for the key', () => {
    const [type, data] = mine.split(' ') as [string, string];
    writeFileSync(authorized(), `# ${mine}\n${type} ${data}AAAA x\n`);
    expect(run().stdout).toContain('changed=true');
    expect(readFileSync(authorized(), 'utf8').trim().split('\n').at(-1)).toBe(mine);
  });

  it('fails, and changes nothing, on a host that has no key to be known by', () => {
    rmSync(join(host, 'etc/ssh/ssh_host_ed25519_key.pub'));
    const { status, stdout } = run();
    expect(status).not.toBe(0);
    expect(stdout).toContain('no ed25519 host key');
    expect(toldHostKey(stdout)).toBeUndefined();
    expect(readdirSync(join(host, 'root/.ssh'))).toEqual([]);
  });

  it('has one name for a node and a key, so that a killed run finds its own', () => {
    const name = (node: string, publicKey: string): string =>
      authorizePod({ node, publicKey, image: 'busybox' }).metadata.name;
    expect(name('a', mine)).toBe(name('a', mine));
    expect(new Set([name('a', mine), name('b', mine), name('a', hostKey.publicKey)]).size).toBe(3);
  });

  it('runs the image of k3s’s own local storage, whatever registry that comes from', () => {
    const config = (yaml: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config' },
      data: { 'helperPod.yaml': yaml },
    });
    const yaml =
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: helper-pod\n    image: "registry.example:5000/rancher/mirrored-library-busybox:1.37.0"\n    imagePullPolicy: IfNotPresent\n';
    expect(helperImage(config(yaml))).toBe('registry.example:5000/rancher/mirrored-library-busybox:1.37.0');
    expect(helperImage(config('spec: {}'))).toBeUndefined();
    expect(helperImage(undefined)).toBeUndefined();
  });
});
