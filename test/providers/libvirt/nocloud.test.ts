import { describe, expect, it } from 'vitest';

import { isoImage, seedBytes, seedImage } from '../../../providers/libvirt/nocloud.js';

const sector = 2048;

/** Reads a CD-ROM as ECMA-119 and Joliet lay it out, by the descriptor of that type: 1 for plain names, 2 for Joliet's. */
function read(image: Buffer, type: 1 | 2): { label: string; files: Record<string, string> } {
  const text = (bytes: Buffer): string =>
    type === 1 ? bytes.toString('latin1') : Buffer.from(bytes).swap16().toString('utf16le');
  let at = 16;
  while (image[at * sector] !== type) {
    if (image[at * sector] === 255) throw new Error('no such descriptor');
    at += 1;
  }
  const descriptor = image.subarray(at * sector, (at + 1) * sector);
  expect(descriptor.toString('latin1', 1, 6)).toBe('CD001');
  expect(descriptor.readUInt32LE(80) * sector).toBe(image.length);
  const root = descriptor.readUInt32LE(158);
  expect(descriptor.readUInt32BE(162)).toBe(root);
  const table = image.subarray(descriptor.readUInt32LE(140) * sector);
  expect(table.readUInt32LE(2)).toBe(root);
  expect(image.subarray(descriptor.readUInt32BE(148) * sector).readUInt32BE(2)).toBe(root);
  const files: Record<string, string> = {};
  const folder = image.subarray(root * sector, root * sector + descriptor.readUInt32LE(166));
  for (let offset = 0; folder[offset]; offset += folder[offset]!) {
    const entry = folder.subarray(offset, offset + folder[offset]!);
    const name = entry.subarray(33, 33 + entry[32]!);
    if (entry[25] === 2) continue;
    const start = entry.readUInt32LE(2) * sector;
    files[text(name)] = image.toString('utf8', start, start + entry.readUInt32LE(10));
  }
  return { label: text(descriptor.subarray(40, 72)).trimEnd(), files };
}

const seed = {
  userData: '#cloud-config\nhostname: demo-cp-1\n# Ærøskøbing\n',
  instanceId: 'd0d0',
  hostname: 'demo-cp-1',
  network: { mac: '52:54:0a:00:00:10', address: '10.0.0.16/16', gateway: '10.0.0.1', nameservers: ['10.0.0.1'] },
};

describe('The CD-ROM that a machine boots with first', () => {
  it('has the label and the names that cloud-init looks for, and the texts as they were given', () => {
    const { label, files } = read(seedImage(seed), 2);
    expect(label).toBe('cidata');
    expect(Object.keys(files)).toEqual(['meta-data;1', 'network-config;1', 'user-data;1']);
    expect(files['user-data;1']).toBe(seed.userData);
    expect(JSON.parse(files['meta-data;1']!)).toEqual({ 'instance-id': 'd0d0', 'local-hostname': 'demo-cp-1' });
    expect(JSON.parse(files['network-config;1']!)).toMatchObject({
      version: 2,
      ethernets: { main: { match: { macaddress: '52:54:0a:00:00:10' }, addresses: ['10.0.0.16/16'] } },
    });
  });

  it('can be read without Joliet as well', () => {
    const { label, files } = read(seedImage(seed), 1);
    expect(label).toBe('cidata');
    expect(Object.keys(files)).toEqual(['META_DAT.;1', 'NETWORK_.;1', 'USER_DAT.;1']);
    expect(files['USER_DAT.;1']).toBe(seed.userData);
  });

  it('is the same for the same data, and as large for any', () => {
    expect(seedImage(seed).equals(seedImage(seed))).toBe(true);
    for (const userData of ['', 'x'.repeat(32 * 1024)])
      expect(seedImage({ ...seed, userData })).toHaveLength(seedBytes);
  });

  it('keeps texts apart that fill their sectors to the last byte', () => {
    const texts = { a: 'a'.repeat(sector), b: '', c: 'c'.repeat(sector + 1), d: 'd' };
    expect(Object.values(read(isoImage('x', texts), 2).files)).toEqual(Object.values(texts));
  });

  it('refuses what does not fit instead of cutting it off', () => {
    expect(() => isoImage('x', { a: 'a'.repeat(seedBytes) })).toThrow(
      expect.objectContaining({ code: 'USER_DATA_TOO_LONG' }) as Error,
    );
  });
});
