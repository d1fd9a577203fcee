import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';

import { healUnit } from '../../src/cli/heal-unit.js';
import { maintainUnits } from '../../src/cli/maintain-unit.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const unit = (change: Partial<Parameters<typeof healUnit>[0]> = {}): string =>
  healUnit({
    cluster: 'demo',
    program: [process.execPath, '/opt/slipway/bin/run.js'],
    args: ['--reboot-after', '3m'],
    environment: { HOME: '/root' },
    ...change,
  });

describe('the systemd unit that `cluster heal --systemd` prints', () => {
  it('watches, starts again by itself, and takes the token from a file of root’s', () => {
    const lines = unit().split('\n');
    expect(lines).toContain(
      `ExecStart=${process.execPath} /opt/slipway/bin/run.js cluster heal demo --watch --yes --progress plain --reboot-after 3m`,
    );
    expect(lines).toContain('Restart=always');
    expect(lines).toContain('EnvironmentFile=-/etc/slipway/demo.env');
    expect(lines).toContain('Environment=HOME=/root');
  });

  it('keeps what systemd would expand as it is', () => {
    const text = unit({ program: ['/opt/my tools/100%/$node'], environment: { SLIPWAY_HOME: '/srv/a "b"' } });
    expect(text).toContain('ExecStart="/opt/my tools/100%%/$$node" cluster heal');
    expect(text).toContain('Environment="SLIPWAY_HOME=/srv/a \\"b\\""');
  });

  it('is one that systemd takes, where there is a systemd to ask', async (context) => {
    const path = join(folder, 'slipway-heal-demo.service');
    writeFileSync(path, unit());
    const { exitCode, stderr, code } = await execa('systemd-analyze', ['verify', path], { reject: false });
    if (code === 'ENOENT') return context.skip();
    // It also tells of other units of this computer.
    expect(stderr.split('\n').filter((line) => line.includes('slipway-heal-demo'))).toEqual([]);
    expect(exitCode === 0 || !stderr.includes('slipway-heal-demo')).toBe(true);
  });
});

describe('the systemd units that `maintain --systemd` prints', () => {
  const program = {
    cluster: 'demo',
    program: [process.execPath, '/opt/slipway/bin/run.js'],
    args: [],
    environment: { HOME: '/root' },
  };

  it('run one round without asking, for which waiting for a person is no failure, and start the next after a while', () => {
    const service = maintainUnits.service(program).split('\n');
    expect(service).toContain(
      `ExecStart=${process.execPath} /opt/slipway/bin/run.js maintain demo --yes --progress plain`,
    );
    expect(service).toContain('Type=oneshot');
    expect(service).toContain('SuccessExitStatus=5 7 130');
    expect(service).toContain('EnvironmentFile=-/etc/slipway/demo.env');
    const timer = maintainUnits.timer(program).split('\n');
    expect(timer).toContain('OnCalendar=*:0/15');
    expect(timer).toContain('Persistent=true');
  });

  it('are units that systemd takes, where there is a systemd to ask', async (context) => {
    for (const kind of ['service', 'timer'] as const)
      writeFileSync(join(folder, `slipway-maintain-demo.${kind}`), maintainUnits[kind](program));
    const path = join(folder, 'slipway-maintain-demo.timer');
    const { stderr, code } = await execa('systemd-analyze', ['verify', path], { reject: false });
    if (code === 'ENOENT') return context.skip();
    expect(stderr.split('\n').filter((line) => line.includes('slipway-maintain-demo'))).toEqual([]);
  });
});
