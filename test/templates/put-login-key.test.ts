import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { putLoginKey } from '../../src/phases/login-keys.js';
import { sshdMissing } from '../support/sshd.js';
import { useHost } from './support.js';

const file = 'root/.ssh/authorized_keys';
const [old, next, theirs] = ['AAAAold', 'AAAAnext', 'AAAAtheirs'].map((blob) => `ssh-ed25519 ${blob}`) as [
  string,
  string,
  string,
];

describe.skipIf(sshdMissing)(`put-login-key ${sshdMissing ?? ''}`, () => {
  const rig = useHost();
  const keys = async (): Promise<readonly string[]> => ((await rig.host.read(file)) ?? '').split('\n').slice(0, -1);

  it('makes the file of a host that has none, for root alone', async () => {
    expect(await rig.run(putLoginKey(`${old} slipway-demo`))).toEqual({ changed: 'true' });
    expect(await keys()).toEqual([`${old} slipway-demo`]);
  });

  it('adds a key beside those that are there, once, and leaves a file without an end of its last line whole', async () => {
    await rig.host.write(file, `# mine\n\nfrom="10.0.0.0/8" ${theirs} me@desk\n${old} slipway-demo`);
    expect(await rig.run(putLoginKey(`${next} slipway-demo`))).toEqual({ changed: 'true' });
    const all = ['# mine', '', `from="10.0.0.0/8" ${theirs} me@desk`, `${old} slipway-demo`, `${next} slipway-demo`];
    expect(await keys()).toEqual(all);
    expect(await rig.run(putLoginKey(`${next} slipway-demo`))).toEqual({ changed: 'false' });
    expect(await keys()).toEqual(all);
  });

  it('removes the former key and those of the same cluster, and nobody else’s', async () => {
    const other = 'ssh-ed25519 AAAAother slipway-other';
    await rig.host.write(
      file,
      `${old} by-hand\n${theirs} me@desk\nssh-ed25519 AAAAolder slipway-demo\n${other}\n${next} slipway-demo\n`,
    );
    await chmod(join(rig.host.prefix, file), 0o644);
    expect(await rig.run(putLoginKey(`${next} slipway-demo`, `${old} slipway-demo`))).toEqual({ changed: 'true' });
    expect(await keys()).toEqual([`${theirs} me@desk`, other, `${next} slipway-demo`]);
    expect(await rig.run(putLoginKey(`${next} slipway-demo`, `${old} slipway-demo`))).toEqual({ changed: 'false' });
  });

  it('leaves no host without the key that it is to have, whatever the former one is called', async () => {
    await rig.host.write(file, `${next} slipway-demo\n`, 0o600);
    expect(await rig.run(putLoginKey(`${next} slipway-demo`, `${next} slipway-demo`))).toEqual({ changed: 'false' });
    expect(await keys()).toEqual([`${next} slipway-demo`]);
  });
});
