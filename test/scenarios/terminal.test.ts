import { afterEach, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { ctrlC, noTerminal, Terminal } from '../support/terminal.js';

const showCursor = '\u001b[?25h';
const hideCursor = '\u001b[?25l';

describe.skipIf(noTerminal !== undefined)(`Ctrl-C in a real terminal${noTerminal ? ` (${noTerminal})` : ''}`, () => {
  let cli: Cli;
  let terminal: Terminal;
  afterEach(async () => {
    await terminal.close();
    await cli.close();
  });

  function open(timeScale: string, env: Readonly<Record<string, string>> = {}): void {
    cli = new Cli(timeScale);
    terminal = new Terminal({ cwd: cli.home, env: { ...cli.env, ...env } });
  }

  /** Runs a command line until a step is at work, as its drawing shows. */
  async function startCreating(): Promise<void> {
    terminal.type('slipway cluster create demo --control-planes 1 --workers 0 --yes; echo code=$?\r');
    await expect.poll(() => terminal.text).toMatch(/demo-ssh|demo-network|cp-1: /);
    expect(terminal.raw.lastIndexOf(hideCursor)).toBeGreaterThan(terminal.raw.lastIndexOf(showCursor));
  }

  /** The shell goes on, the cursor is back, and the line can be edited and echoed as before. */
  async function expectUsable(): Promise<void> {
    expect(terminal.raw.lastIndexOf(showCursor)).toBeGreaterThan(terminal.raw.lastIndexOf(hideCursor));
    terminal.type('stty -a; echo us""able\r');
    await expect.poll(() => terminal.text).toContain('\nusable\n');
    const settings = terminal.text.slice(terminal.text.lastIndexOf('speed '));
    for (const setting of ['icanon', 'echo', 'isig', 'onlcr', 'icrnl'])
      expect(settings).toMatch(new RegExp(`(?<![-\\w])${setting}\\b`));
  }

  it('the first is answered at once while a step cannot end, the second leaves at once with a last word', async () => {
    // No signal ends this pause: whatever is said meanwhile did not wait for the step.
    const never = [{ when: 'before', kind: 'provider', what: 'POST /', act: 600_000 }];
    open('0.01', { SLIPWAY_TEST_BOUNDARY: JSON.stringify(never) });
    await startCreating();

    terminal.type(ctrlC);
    await expect.poll(() => terminal.text).toContain('Interrupted: ending what runs. Ctrl-C once more leaves at once.');
    expect(terminal.text).not.toContain('code=1');

    terminal.type(ctrlC);
    await expect.poll(() => terminal.text).toMatch(/code=130\n/);
    expect(terminal.text).toContain('Left at once; what machines were told to do may still run.');
    expect(terminal.text).toContain(
      'Run it again to go on from here: slipway cluster create demo --control-planes 1 --workers 0 --yes',
    );
    expect(terminal.text).not.toMatch(/failed|Error|^\s+at /m);
    await expectUsable();
  });

  it('the first alone ends the run, and calls what it ended interrupted, not failed', async () => {
    // A cloud as slow as a real one: the machine boots when the key is pressed.
    open('1');
    await startCreating();
    await expect.poll(() => terminal.text).toMatch(/[› ] cp-1: /);

    terminal.type(ctrlC);
    await expect.poll(() => terminal.text).toMatch(/code=130\n/);
    expect(terminal.text).toMatch(/↓ Create machines {2}0\/\d+, 1 interrupted/);
    expect(terminal.text).toMatch(/Error: Interrupted after \d+ steps?; nothing is lost\./);
    expect(terminal.text).not.toMatch(/failed|✖|^\s+at /m);
    await expectUsable();
  });

  it('`cluster status --watch` leaves a terminal with a cursor', async () => {
    open('0.01');
    expect(
      (await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes'])).code,
    ).toBe(0);
    terminal.type('slipway cluster status demo --watch; echo code=$?\r');
    await expect.poll(() => terminal.text).toContain('cp-1');
    terminal.type(ctrlC);
    await expect.poll(() => terminal.text).toMatch(/code=\d+\n/);
    await expectUsable();
  });
});
