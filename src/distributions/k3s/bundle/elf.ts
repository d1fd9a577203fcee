import { open } from 'node:fs/promises';

import type { Architecture } from '../../bundles.js';

/** e_machine of the ELF header. */
const machines: Readonly<Record<number, string>> = { 0x3e: 'amd64', 0xb7: 'arm64', 0x28: 'armhf', 0x16: 's390x' };

/**
 * For which architecture a program was built, by its first twenty bytes. `none` is a file that is no program for Linux.
 */
export async function elfArchitecture(path: string): Promise<Architecture | 'other' | 'none'> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(20);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < head.length || head.toString('latin1', 0, 4) !== '\x7fELF') return 'none';
    const bigEndian = head[5] === 2;
    const found = machines[bigEndian ? head.readUInt16BE(18) : head.readUInt16LE(18)];
    return found === 'amd64' || found === 'arm64' ? found : 'other';
  } finally {
    await file.close();
  }
}
