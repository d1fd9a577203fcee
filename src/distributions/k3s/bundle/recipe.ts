import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

import { UsageError } from '../../../errors/index.js';
import type { Architecture, BundleRequest } from '../../bundles.js';
import {
  type BundleFile,
  isImageArchive,
  registriesName,
  releaseImageList,
  releaseImages,
  releaseProgram,
  releaseSums,
} from './manifest.js';
import { releaseFile, type Source } from './obtain.js';

/** One file of a bundle to come. */
export interface Ingredient extends Pick<BundleFile, 'name' | 'kind' | 'arch'> {
  readonly source: Source;
  /** The sum file of the bundle that has its sum; undefined: whatever the source has is right. */
  readonly sums?: string | undefined;
  /** 0600 for what may hold a password. */
  readonly mode?: number | undefined;
}

/** Archives of the release's images in a folder, the smallest first. */
const imageEndings = ['.zst', '.gz', ''];

/**
 * The files of a bundle, sum files before what they are for.
 * @throws UsageError codes BUNDLE_FLAGS, BUNDLE_SOURCE
 */
export function ingredients(request: BundleRequest): readonly Ingredient[] {
  const { version, binary, from, architectures } = request;
  if (binary !== undefined && architectures.length > 1) {
    throw flags('One program is for one architecture.', 'Give --arch once with --binary.');
  }
  if (binary !== undefined && (from !== undefined || request.imageList)) {
    throw flags(
      '--binary takes the place of a release, so that there is nothing to take --from or --image-list of.',
      'Leave out --binary to have the release’s own program.',
    );
  }
  const at = (name: string): Source => releaseFile(name, version, { releases: request.releases, folder: from });
  const files: Ingredient[] = [];
  for (const arch of architectures) {
    const name = releaseProgram(arch);
    if (binary !== undefined) {
      files.push({ name, kind: 'program', arch, source: { from: 'file', path: binary } });
      continue;
    }
    const sums = releaseSums(arch);
    const images = from === undefined ? releaseImages(arch) : imagesIn(from, arch);
    files.push({ name: sums, kind: 'sums', arch, source: at(sums) });
    files.push({ name, kind: 'program', arch, source: at(name), sums });
    if (images !== undefined) files.push({ name: images, kind: 'images', arch, source: at(images), sums });
  }
  for (const path of request.images) {
    const name = basename(path);
    if (!isImageArchive(name)) {
      throw flags(
        `${path} is no image archive by its name.`,
        'k3s imports .tar, .tar.gz, .tgz, .tar.zst, .tar.bz2 and .tar.lz4; letters, digits, dots, dashes and pluses make up the name.',
      );
    }
    files.push({ name, kind: 'images', source: { from: 'file', path } });
  }
  if (request.imageList) files.push({ name: releaseImageList, kind: 'image-list', source: at(releaseImageList) });
  if (request.registries !== undefined) {
    const source: Source = { from: 'file', path: request.registries };
    files.push({ name: registriesName, kind: 'registries', source, mode: 0o600 });
  }
  const twice = files.find(({ name }, index) => files.findIndex((other) => other.name === name) !== index);
  if (twice) throw flags(`Two files would be called ${twice.name}.`, 'Give one of them another name.');
  return files;
}

function imagesIn(folder: string, arch: Architecture): string | undefined {
  const stem = releaseImages(arch).replace(/\.zst$/, '');
  return imageEndings.map((ending) => `${stem}${ending}`).find((name) => existsSync(join(folder, name)));
}

function flags(message: string, hint: string): UsageError {
  return new UsageError(message, { code: 'BUNDLE_FLAGS', hint });
}
