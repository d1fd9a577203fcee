import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { readSmall, readSmallSync } from '../../src/files/read-small.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'key');
const ways = [
  ['in pieces', readSmall],
  ['at once', async (path: string) => readSmallSync(path).toString('utf8')],
] as const;

describe.each(ways)('a file that people name, read %s', (_how, read) => {
  it('is its whole text, though it is longer than a piece', async () => {
    const text = 'ä'.repeat(200_000);
    writeFileSync(file, text);
    expect(await read(file)).toBe(text);
  });

  it('is given up at 16 MiB', async () => {
    writeFileSync(file, '');
    truncateSync(file, 2 ** 40);
    await expect(read(file)).rejects.toThrow('it is larger than 16 MiB');
  });

  it('is given up where it has no end', async ({ skip }) => {
    if (process.platform === 'win32') return skip('no /dev/zero here');
    await expect(read('/dev/zero')).rejects.toThrow('it is larger than 16 MiB');
  });

  it('is what the system says where it cannot be read', async () => {
    await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

/** Files that read without a limit, and why they may. */
const may: Readonly<Record<string, string>> = {
  'cli/change-pools.ts': 'a cluster file that was just read with its limit',
  'cli/change-tenants.ts': 'the same, and files of tenants that were',
  'cli/replace-file.ts': 'the same',
  'cli/upgrade-file.ts': 'the same',
  'components/prepared-component.ts': 'of the installation',
  'components/read-component.ts': 'holds each file to a limit itself',
  'components/template/index.ts': 'a function of that name that is handed in',
  'config/cluster-file.ts': 'the same',
  'distributions/k3s/host/unit.ts': 'of the installation',
  'distributions/k3s/host/vip.ts': 'of the installation',
  'phases/authorize-pod.ts': 'of the installation',
  'remote/cloud-init.ts': 'of the installation',
  'remote/create-remote.ts': 'of the installation',
  'workflows/backup/volume-pod.ts': 'of the installation',
  'workflows/component/render.ts': 'what an earlier render wrote',
  'workspace/files.ts': 'holds each file to a limit itself',
  'workspace/moved.ts': 'a mark that Slipway wrote',
  'workspace/processes.ts': 'the kernel’s',
  'workspace/user-kubeconfig.ts': 'holds each file to a limit itself',
};

it('no other file of the product is read without a limit', () => {
  const src = new URL('../../src', import.meta.url).pathname;
  const reading = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && /readFile(Sync)?\(/.test(readFileSync(join(src, path), 'utf8')))
    .map((path) => path.replaceAll('\\', '/'));
  expect(reading.sort()).toEqual(Object.keys(may).sort());
});
