import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { IncompleteError } from '../../src/errors/index.js';
import { summarise } from '../../src/workspace/history.js';
import { folderOf, opensshKeyPair, SteppedClock, temporaryFolder, testWorkspace } from './support.js';

const at = '2026-11-20T10:00:00.000Z';
const steps = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];

describe('the journal', () => {
  it('is named by time and operation, and read back as a summary, newest first', async () => {
    const clock = new SteppedClock(at);
    const folder = testWorkspace(temporaryFolder(), { clock }).cluster('demo');
    const first = await folder.journal('cluster create');
    first.append({ at, event: 'operation-started', operation: 'cluster create', steps });
    first.append({ at, event: 'step-done', id: 'a', ms: 5 });
    first.append({ at, event: 'step-failed', id: 'b', ms: 5 });
    first.append({ at: '2026-11-20T10:01:00.000Z', event: 'operation-finished', outcome: 'failed', ms: 60_000 });
    await first.close();
    clock.advance(90_000);
    const second = await folder.journal('pool scale');
    await second.close();

    expect(first.id).toMatch(/^2026-11-20T10-00-00Z-create-[0-9a-f]{8}$/);
    expect(await folder.history()).toEqual([
      {
        id: second.id,
        operation: 'pool scale',
        startedAt: '2026-11-20T10:01:30.000Z',
        outcome: 'unfinished',
        steps: { done: 0, failed: 0, total: 0 },
      },
      {
        id: first.id,
        operation: 'cluster create',
        startedAt: at,
        finishedAt: '2026-11-20T10:01:00.000Z',
        outcome: 'failed',
        steps: { done: 1, failed: 1, total: 3 },
      },
    ]);
  });

  it('understands a file that a kill cut off in the middle of a line', () => {
    const whole = [
      { at, event: 'journal-opened', operation: 'cluster create' },
      { at, event: 'operation-started', operation: 'cluster create', steps },
      { at, event: 'step-done', id: 'a' },
    ];
    const text = `${whole.map((entry) => JSON.stringify(entry)).join('\n')}\n{"at":"2026-11-20T10:00:01.000Z","ev`;
    expect(summarise('x', text)).toMatchObject({ outcome: 'unfinished', steps: { done: 1, failed: 0, total: 3 } });
    expect(summarise('x', '')).toMatchObject({ operation: 'unknown', outcome: 'unfinished' });
  });

  it('is on disk moments after each entry, without being closed', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    const journal = await folder.journal('cluster create');
    journal.append({ at, event: 'step-done', id: 'a' });
    await expect
      .poll(() => readFileSync(join(folderOf(folder), 'journal', `${journal.id}.ndjson`), 'utf8'), { timeout: 2000 })
      .toContain('"step-done"');
    await journal.close();
  });

  it('never holds a secret, however it is planted', async () => {
    const folder = testWorkspace(temporaryFolder(), { env: { HCLOUD_TOKEN: 'planted-provider-token' } }).cluster(
      'demo',
    );
    const { privateKey } = await folder.identity();
    const token = await folder.secret('server-token', () => 'planted-server-token');
    const hostKey = opensshKeyPair('host');
    await folder.saveKubeconfig(new Secret('users:\n- name: demo\n  user:\n    client-key-data: UExBTlRFRC1LRVk=\n'));
    const journal = await folder.journal('cluster create --token planted-provider-token');
    const failed = new IncompleteError(`could not join with ${token.reveal()}`, {
      code: 'NAME_TAKEN',
      details: [`K10${'a'.repeat(64)}::server:planted-join`],
      cause: new Error(privateKey.reveal()),
    });
    const circular: Record<string, unknown> = { key: hostKey.privateKey.reveal() };
    circular['self'] = circular;
    journal.append({ at, event: 'step-failed', error: failed, token, wrapped: { token }, list: [token] });
    journal.append({ at, event: 'note', text: privateKey.reveal(), cause: failed.cause, circular });
    journal.append({ at, event: 'note', text: 'key UExBTlRFRC1LRVk=', header: 'Bearer planted-bearer' });
    journal.append({ at, event: 'note', ['planted-provider-token']: 1n });
    await journal.close();

    const text = readFileSync(join(folderOf(folder), 'journal', `${journal.id}.ndjson`), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(5);
    expect(text).toContain('could not join with [secret]');
    expect(text).not.toMatch(/planted|PRIVATE|UExBTlRF/);
    for (const line of privateKey.reveal().split('\n').slice(1, 4)) expect(text).not.toContain(line);
  });

  it('keeps the last hundred operations', async () => {
    const clock = new SteppedClock(at);
    const folder = testWorkspace(temporaryFolder(), { clock }).cluster('demo');
    for (let i = 0; i < 103; i++) {
      await (await folder.journal(`cluster create ${i}`)).close();
      clock.advance(1000);
    }
    const kept = await folder.history();
    expect(kept).toHaveLength(100);
    expect(kept[0]?.operation).toBe('cluster create 102');
    expect(kept.at(-1)?.operation).toBe('cluster create 3');
  });

  it('leaves other files in its folder alone', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    await (await folder.journal('cluster create')).close();
    writeFileSync(join(folderOf(folder), 'journal', 'notes.txt'), 'mine');
    expect(await folder.history()).toHaveLength(1);
    expect(readdirSync(join(folderOf(folder), 'journal'))).toContain('notes.txt');
  });
});
