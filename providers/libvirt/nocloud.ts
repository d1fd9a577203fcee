import { UnexpectedError } from '../../src/errors/index.js';

/** What cloud-init reads at the first boot where no cloud answers it (data source NoCloud). */
export interface Seed {
  readonly userData: string;
  /** Another one makes cloud-init begin anew. */
  readonly instanceId: string;
  readonly hostname: string;
  readonly network: SeedNetwork;
}

export interface SeedNetwork {
  readonly mac: string;
  /** With the length of its network’s prefix: `10.0.0.16/16`. */
  readonly address: string;
  readonly gateway: string;
  readonly nameservers: readonly string[];
}

const sector = 2048;
/** All seeds have one size, so that one can be written over another in place. */
export const seedBytes = 512 * sector;

/** The seed as the image of a CD-ROM, which cloud-init finds by its label. @throws UnexpectedError code USER_DATA_TOO_LONG */
export function seedImage(seed: Seed): Buffer {
  const { userData, instanceId, hostname, network } = seed;
  // YAML takes JSON as it is.
  return isoImage('cidata', {
    'meta-data': JSON.stringify({ 'instance-id': instanceId, 'local-hostname': hostname }),
    'network-config': JSON.stringify({
      version: 2,
      ethernets: {
        main: {
          match: { macaddress: network.mac },
          addresses: [network.address],
          routes: [{ to: '0.0.0.0/0', via: network.gateway }],
          nameservers: { addresses: network.nameservers },
        },
      },
    }),
    'user-data': userData,
  });
}

/** Where the parts of an image of ours lie, in sectors. */
const at = { plain: 16, joliet: 17, end: 18, tables: 19, roots: 23, files: 25 } as const;

/**
 * A CD-ROM image by ECMA-119 with Joliet's names: a flat folder, and no more than that.
 * @param files texts by name, in the order of their names
 */
export function isoImage(label: string, files: Readonly<Record<string, string>>): Buffer {
  const image = Buffer.alloc(seedBytes);
  let next: number = at.files;
  const placed = Object.entries(files).map(([name, text]) => {
    const content = Buffer.from(text, 'utf8');
    const start = next;
    next += Math.max(1, Math.ceil(content.length / sector));
    if (next * sector > seedBytes) {
      throw new UnexpectedError(`The first-boot data of a machine is larger than ${seedBytes / 2 ** 20} MiB.`, {
        code: 'USER_DATA_TOO_LONG',
      });
    }
    content.copy(image, start * sector);
    return { name, start, bytes: content.length };
  });
  for (const [index, names] of [plainNames, jolietNames].entries()) {
    const root = at.roots + index;
    const table = at.tables + index * 2;
    const self = record(root, sector, Buffer.from([0]), true);
    const up = record(root, sector, Buffer.from([1]), true);
    const entries = placed.map(({ name, start, bytes }) => record(start, bytes, names.file(name), false));
    Buffer.concat([self, up, ...entries]).copy(image, root * sector);
    pathTable(root, 'little').copy(image, table * sector);
    pathTable(root, 'big').copy(image, (table + 1) * sector);
    descriptor(names, label, table, self).copy(image, (at.plain + index) * sector);
  }
  Buffer.from([255, ...Buffer.from('CD001'), 1]).copy(image, at.end * sector);
  return image;
}

interface Names {
  readonly type: number;
  /** Tells Joliet's descriptor from others of its type. */
  readonly escape: string;
  text(text: string, bytes: number): Buffer;
  file(name: string): Buffer;
}

const plainNames: Names = {
  type: 1,
  escape: '',
  text: (text, bytes) => Buffer.from(text.padEnd(bytes)),
  file: (name) =>
    Buffer.from(
      `${name
        .toUpperCase()
        .replace(/[^A-Z0-9]/g, '_')
        .slice(0, 8)}.;1`,
    ),
};

const jolietNames: Names = {
  type: 2,
  escape: '%/E',
  text: (text, bytes) => Buffer.concat([ucs2(text.padEnd(bytes >> 1)), Buffer.alloc(bytes % 2)]),
  file: (name) => ucs2(`${name};1`),
};

const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** Numbers are written twice, little end first and big end first. */
function both(target: Buffer, value: number, offset: number, bytes: 2 | 4): void {
  target.writeUIntLE(value, offset, bytes);
  target.writeUIntBE(value, offset + bytes, bytes);
}

function record(start: number, bytes: number, name: Buffer, folder: boolean): Buffer {
  const length = 33 + name.length + ((33 + name.length) % 2);
  const entry = Buffer.alloc(length);
  entry[0] = length;
  both(entry, start, 2, 4);
  both(entry, bytes, 10, 4);
  // The first of January 1980: the same input gives the same image.
  entry.set([80, 1, 1], 18);
  entry[25] = folder ? 2 : 0;
  both(entry, 1, 28, 2);
  entry[32] = name.length;
  name.copy(entry, 33);
  return entry;
}

function pathTable(root: number, end: 'little' | 'big'): Buffer {
  const table = Buffer.alloc(10);
  table[0] = 1;
  if (end === 'little') {
    table.writeUInt32LE(root, 2);
    table.writeUInt16LE(1, 6);
  } else {
    table.writeUInt32BE(root, 2);
    table.writeUInt16BE(1, 6);
  }
  return table;
}

function descriptor(names: Names, label: string, table: number, root: Buffer): Buffer {
  const text = (value: string, offset: number, bytes: number): number => names.text(value, bytes).copy(out, offset);
  const out = Buffer.alloc(sector);
  out[0] = names.type;
  out.write('CD001', 1, 'latin1');
  out[6] = 1;
  text('', 8, 32);
  text(label, 40, 32);
  both(out, seedBytes / sector, 80, 4);
  out.write(names.escape, 88, 'latin1');
  both(out, 1, 120, 2);
  both(out, 1, 124, 2);
  both(out, sector, 128, 2);
  both(out, 10, 132, 4);
  out.writeUInt32LE(table, 140);
  out.writeUInt32BE(table + 1, 148);
  root.copy(out, 156);
  for (const [offset, bytes] of [
    [190, 128],
    [318, 128],
    [446, 128],
    [574, 128],
    [702, 37],
    [739, 37],
    [776, 37],
  ] as const)
    text('', offset, bytes);
  // Dates that are not known are zeros as digits, and a zero.
  for (const offset of [813, 830, 847, 864]) out.write('0'.repeat(16), offset, 'latin1');
  out[881] = 1;
  return out;
}
