import { describe, expect, it } from 'vitest';

import { keyChanged, keyLost } from '../../src/phases/lost-key.js';

describe('a lost SSH key', () => {
  it('is put back as a file where the workspace is a folder', () => {
    const { message, hint } = keyLost({ cluster: 'demo', path: '/ws/clusters/demo/id_ed25519' }, []);
    expect(message).toContain('missing from /ws/clusters/demo/id_ed25519');
    expect(hint).toMatch(/^Put the key back from a copy at \/ws\/clusters\/demo\/id_ed25519, /);
  });

  it('is given to `cluster adopt` where the workspace is in a bucket, in which only Slipway seals', () => {
    for (const error of [keyLost, keyChanged]) {
      const { message, hint } = error({ cluster: 'demo', path: undefined }, []);
      expect(message).toContain('the workspace');
      expect(hint).toMatch(/^Give it the key from a copy: slipway cluster adopt demo --ssh-key FILE\. /);
      expect(message + hint).not.toContain('undefined');
    }
  });
});
