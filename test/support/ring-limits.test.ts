import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, vi } from 'vitest';

const limits = new URL('../e2e/limits.sh', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'slipway-limits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const steps = join(folder, 'steps');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly err: string;
}

/** A script that has sourced the limits. @param whenSaid signal for the script as soon as it has said `ready` */
function script(text: string, whenSaid?: NodeJS.Signals): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['-c', `set -euo pipefail\n. ${limits}\n${text}`],
      { env: { ...process.env, SLIPWAY_E2E_STEPS: steps } },
      (error, _out, err) => resolve({ code: error ? error.code : 0, err }),
    );
    if (whenSaid !== undefined) child.stdout!.on('data', () => child.kill(whenSaid));
  });
}

// The commands only have to be of some length: every one of them is ended.
describe('the ring', () => {
  it('says which part ran out of time, and which steps of its chapters had not ended', async () => {
    writeFileSync(steps, 'begun\tone\nended\tone\nbegun\tthe server joins\n');
    const { code, err } = await script(`within 0.001 'the chapters' sleep 600 2>/dev/null || exit $?`);
    expect(code).toBe(124);
    expect(err).toContain('out of time during: the chapters (at most 0.001 minutes)');
    expect(err).toContain('not finished: the server joins');
    expect(err).not.toContain('one\n');
  });

  it('ended from outside says during what, and takes what it had started with it', async () => {
    const pid = join(folder, 'pid');
    const { code, err } = await script(
      `within 60 k3s bash -c 'echo $$ >${pid}; echo ready; sleep 600' 2>${folder}/own.err`,
      'SIGTERM',
    );
    expect(code).toBe(143);
    expect(err).toMatch(/ended by SIGTERM after \d+ s, during: k3s \(at most 60 minutes\)/);
    await vi.waitFor(() => expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow(), 20_000);
  });

  it('goes on with the code of a part that ended in time', async () => {
    expect((await script('within 1 images true')).code).toBe(0);
    expect((await script('within 1 images bash -c "exit 77"')).code).toBe(77);
  });
});
