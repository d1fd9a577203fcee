import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first twenty bytes of a program for Linux, and some text that makes it another one than the next. */
export function program(arch: 'amd64' | 'arm64' | 's390x', text = 'k3s version v1.36.5+k3s1\n'): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head[4] = 2;
  head[5] = arch === 's390x' ? 2 : 1;
  if (arch === 's390x') head.writeUInt16BE(0x16, 18);
  else head.writeUInt16LE(arch === 'amd64' ? 0x3e : 0xb7, 18);
  return Buffer.concat([head, Buffer.from(`\n${text}`)]);
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** A folder with files as a release page has them. */
export function releaseFolder(
  folder: string,
  {
    archs = ['amd64'],
    version = 'v1.36.5+k3s1',
    images = true,
    imageBytes = 0,
  }: {
    readonly archs?: readonly ('amd64' | 'arm64')[];
    readonly version?: string;
    readonly images?: boolean;
    readonly imageBytes?: number;
  } = {},
): string {
  mkdirSync(folder, { recursive: true });
  for (const arch of archs) {
    const name = arch === 'amd64' ? 'k3s' : 'k3s-arm64';
    const k3s = program(arch, `#!/bin/sh\necho k3s version ${version}\n`);
    const archive = Buffer.from(`images of ${version} for ${arch}`.padEnd(imageBytes));
    writeFileSync(join(folder, name), k3s);
    if (images) writeFileSync(join(folder, `k3s-airgap-images-${arch}.tar.zst`), archive);
    writeFileSync(
      join(folder, `sha256sum-${arch}.txt`),
      `${sha256(archive)}  k3s-airgap-images-${arch}.tar.zst\n${sha256(k3s)}  ${name}\n`,
    );
  }
  writeFileSync(join(folder, 'k3s-images.txt'), 'docker.io/rancher/mirrored-pause:3.6\n');
  return folder;
}

/** A temporary folder, and its end. */
export function temporary(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
