import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

const rig = new URL('../e2e/rig', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'slipway-rig-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the rig's own group weighs with so many hosts, in a machine's folder of control groups that is a copy. */
function weightsWith(hosts: number): readonly string[] {
  const v1 = ['cpu', 'cpu,cpuacct'].map((name) => join(folder, 'cgroup', name, 'rig'));
  const v2 = join(folder, 'cgroup/unified/rig');
  for (const path of [...v1, v2]) mkdirSync(path, { recursive: true });
  for (const path of v1) writeFileSync(join(path, 'cpu.shares'), '1024\n');
  writeFileSync(join(v2, 'cpu.weight'), '100\n');
  mkdirSync(join(folder, 'state/h'), { recursive: true });
  for (let host = 1; host <= hosts; host += 1) {
    mkdirSync(join(folder, `state/h/n${host}`));
    writeFileSync(join(folder, `state/h/n${host}/octet`), String(10 + host));
  }
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', `. ${rig}/lib.sh; . ${rig}/host.sh; ID=rig; CGROUPS=$1 CG=$1/unified RIG_STATE=$2; shares`, 'rig'].concat(
      join(folder, 'cgroup'),
      join(folder, 'state'),
    ),
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return [...v1.map((path) => join(path, 'cpu.shares')), join(v2, 'cpu.weight')].map((path) =>
    readFileSync(path, 'utf8').trim(),
  );
}

it('a rig of five hosts has the processor shares of five machines, in either kind of control group', () => {
  expect(weightsWith(5)).toEqual(['5120', '5120', '500']);
});

it('a rig without hosts weighs as much as one machine', () => {
  expect(weightsWith(0)).toEqual(['1024', '1024', '100']);
});

it('no rig asks for more weight than a control group may have', () => {
  expect(weightsWith(120).at(-1)).toBe('10000');
});
