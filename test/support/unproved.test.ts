import { expect, it } from 'vitest';

import { unprovedLines } from './unproved.js';

const why = 'skipped: this computer has no sshd (package openssh-server)';

it('the last lines of a test run say what a missing program left unproved, and nothing where none is missing', () => {
  const hosts = { what: 'host keys, checksums and everything run on hosts', missing: why };
  expect(unprovedLines([hosts, { what: 'how pages look', missing: undefined }])).toEqual([
    'Not proved: host keys, checksums and everything run on hosts; this computer has no sshd (package openssh-server).',
  ]);
  expect(unprovedLines([{ ...hosts, missing: undefined }])).toEqual([]);
});
