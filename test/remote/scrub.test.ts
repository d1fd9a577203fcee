import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { generateKeyPair } from '../../src/remote/index.js';
import { scrubber } from '../../src/remote/scrub.js';

describe('scrubbing', () => {
  const config = new Secret(
    'token: "K10abc::server:pass-word-1"\nagent-token: pass-word-2\nnode-name: demo-cp-1-x7k2p\n',
  );
  const scrub = scrubber({ CONFIG: config, TOKEN: new Secret('hunter2hunter2'), NAME: 'demo' });

  it.each([
    ['a whole secret', 'no hunter2hunter2 here', 'no [secret] here'],
    ['each time', 'hunter2hunter2 hunter2hunter2', '[secret] [secret]'],
    ['a token within a configuration', 'bad K10abc::server:pass-word-1!', 'bad [secret]!'],
    ['a token’s password alone', 'bad pass-word-1', 'bad [secret]'],
    ['an unquoted token', 'bad pass-word-2', 'bad [secret]'],
    ['no parameter that is no secret', 'demo', 'demo'],
    ['no name within a secret configuration', 'demo-cp-1-x7k2p is down', 'demo-cp-1-x7k2p is down'],
  ])('takes out %s', (_what, before, after) => expect(scrub(before)).toBe(after));

  it('takes out every line of a private key', () => {
    const key = generateKeyPair('x').privateKey;
    const clean = scrubber({ HOST_KEY: key });
    for (const line of key.reveal().split('\n').slice(1, -3)) expect(clean(`>${line}<`)).toBe('>[secret]<');
  });
});
