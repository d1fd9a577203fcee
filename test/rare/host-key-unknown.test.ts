import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { generateKeyPair } from '../../src/remote/keys.js';
import { cli, create, names, scale } from '../support/scaled-by-hand.js';

const hosts = (): string => join(cli.home, 'ws/clusters/demo/hosts');
const pinsOf = (part: string): string =>
  join(
    hosts(),
    readdirSync(hosts()).find((name) => name.includes(part))!,
  );

/** Another key than the one its host shows. */
function swapPin(part: string): void {
  const path = pinsOf(part);
  const [type = '', key = ''] = generateKeyPair('other').publicKey.split(' ');
  const swapped = readFileSync(path, 'utf8').replace(/ssh-ed25519 [A-Za-z0-9+/=]+/g, `${type} ${key}`);
  writeFileSync(path, swapped);
}

describe('a server whose host key is not known', () => {
  it.each<[string, () => void, string]>([
    ['was lost', () => rmSync(pinsOf('-cp-1-')), 'HOST_KEY_UNKNOWN'],
    ['was swapped', () => swapPin('-cp-1-'), 'HOST_KEY_MISMATCH'],
  ])(
    'makes nothing where it is the only one: its pin %s',
    async (_what, harm, code) => {
      await create(1, 1);
      harm();
      const refused = await scale(2);
      expect(refused, refused.err).toMatchObject({ code: 3 });
      expect(refused.out + refused.err).toContain(code);
      expect(await names()).toHaveLength(2);
    },
    90_000,
  );

  it('holds up nothing while another server can tell the tokens', async () => {
    await create(3, 1);
    rmSync(pinsOf('-cp-1-'));
    swapPin('-cp-2-');
    const grown = await scale(2);
    expect(grown, grown.err).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(5);
  });
});
