import { describe, expect, it } from 'vitest';

import { refuseRestore } from '../../../src/distributions/k3s/refuse-restore.js';
import type { Machine } from '../../../src/domain/index.js';
import type { Tools } from '../../../src/phases/context.js';
import { noStandbys } from '../../support/no-standbys.js';

const { signal } = new AbortController();
const stopped = { unit: 'server', active: false, etcdData: true } as const;
const server = (name: string, more: Partial<Machine> = {}): Machine =>
  ({ name, role: 'control-plane', ...more }) as Machine;

/** @param looked at: those that answered; none of them runs */
const refused = (servers: readonly Machine[], looked: readonly string[]): Promise<void> =>
  refuseRestore(
    {} as Tools,
    'demo',
    {
      comparison: { current: servers, excess: [], missing: [], desired: [], standbys: noStandbys },
      hosts: new Map(looked.map((name) => [name, stopped])),
    },
    false,
    signal,
  );

describe('a restore', () => {
  const three = ['a', 'b', 'c'].map((name) => server(name));

  it('goes on beside fewer silent servers than could be the old cluster', async () => {
    await refused([], []);
    await refused(three, ['a', 'b', 'c']);
    await refused(three, ['a', 'b']);
  });

  it.each([
    ['two of three', three, ['a']],
    ['all of three', three, []],
    ['a lone one', [server('a')], []],
  ])('is refused while %s could come back', async (_, servers, looked) => {
    await expect(refused(servers, looked)).rejects.toMatchObject({ code: 'SERVERS_SILENT' });
  });

  it('does not wait for hosts that their owner took out of the file', async () => {
    await refused([server('a', { markedForRemoval: true })], []);
  });
});
