import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { findSandbox } from '../../../providers/sandbox/control.js';
import { paths, writeJson } from '../../../providers/sandbox/state-folder.js';
import { Cli } from '../../support/cli.js';

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-control-'));
});
afterEach(() => {
  server?.close().closeAllConnections();
  server = undefined;
});

/** A sandbox's process that answers so: it is this one, which lives. */
async function sandboxThat(answer: (response: ServerResponse) => void): Promise<void> {
  const made = (server = createServer((_, response) => answer(response)));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const { port } = made.address() as AddressInfo;
  writeJson(paths(folder).info, { pid: process.pid, port, controlToken: 't', cloudToken: 't', readOnlyToken: 't' });
}

describe('the client of the sandbox', () => {
  it.each([
    ['says nothing', () => {}],
    [
      'answers a byte at a time without an end',
      (response: ServerResponse) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('names the process of a sandbox that %s, and takes it for running all the same', async (_what, answer) => {
    await sandboxThat(answer);
    await expect(findSandbox(folder, 200)).rejects.toMatchObject({
      code: 'SANDBOX',
      message: expect.stringContaining(`process ${process.pid}, did not answer status`) as string,
      hint: expect.stringContaining(`end process ${process.pid}`) as string,
    });
  });

  it('reads 16 MiB of an answer at most', async () => {
    let sent = 0;
    await sandboxThat((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(2 ** 20, 32))) sent += 2 ** 20;
      };
      response.on('drain', more);
      more();
    });
    expect(await findSandbox(folder)).toBeUndefined();
    expect(sent).toBeLessThan(128 * 2 ** 20);
  });

  it.each([
    ['long ago', -86_400],
    ['in the future, by a clock that was set back since', 86_400],
  ])('takes over the lock of a start that died %s', async (_when, seconds) => {
    const cli = new Cli();
    try {
      const { lock } = paths(cli.sandboxFolder);
      mkdirSync(cli.sandboxFolder, { recursive: true });
      writeFileSync(lock, '');
      const at = Date.now() / 1000 + seconds;
      utimesSync(lock, at, at);
      expect(await cli.run(['sandbox', 'start'])).toMatchObject({ code: 0 });
    } finally {
      await cli.close();
    }
  });
});

it('a sandbox that cannot start says why at once, and what to do', async () => {
  const cli = new Cli();
  onTestFinished(() => cli.close());
  mkdirSync(cli.sandboxFolder, { recursive: true });
  writeFileSync(paths(cli.sandboxFolder).state, '{ "profile": ');
  const { code, err } = await cli.run(['sandbox', 'start']);
  expect(code).not.toBe(0);
  expect(err).toMatch(/^Error: The sandbox could not start\.\n +SyntaxError: Unexpected end of JSON input/);
  expect(err).toMatch(/^Next: .*slipway sandbox reset$/m);
});
