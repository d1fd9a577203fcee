import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BundleRequest, BundleView } from '../../../src/distributions/bundles.js';
import { k3s } from '../../../src/distributions/k3s/index.js';
import { createBundle } from '../../../src/workflows/bundle/create.js';
import type { WorkflowContext } from '../../../src/workflows/context.js';
import { program, releaseFolder, temporary } from '../../support/bundles.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

const version = 'v1.36.5+k3s1';

/** A site that has releases below a folder; asked for `fail` it breaks off so many times first. */
class Site {
  readonly requests: string[] = [];
  breaks = 0;
  readonly #server: Server;

  constructor(folder: string) {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url!.slice(1));
      this.requests.push(path);
      const file = join(folder, path);
      if (!existsSync(file)) return void response.writeHead(404).end();
      const content = readFileSync(file);
      response.writeHead(200, { 'content-length': content.length });
      if (this.breaks > 0 && content.length > 50) {
        this.breaks -= 1;
        response.write(content.subarray(0, 10), () => response.destroy());
      } else response.end(content);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let folder: ReturnType<typeof temporary>;
let reporter: RecordingReporter;
beforeEach(() => {
  folder = temporary();
  reporter = new RecordingReporter();
});
afterEach(() => folder.remove());

const at = (...names: string[]): string => join(folder.path, ...names);
const out = (): string => at('out');
const content = (): string[] => readdirSync(out()).sort();

function create(request: Partial<BundleRequest> = {}): Promise<BundleView> {
  const context: Pick<WorkflowContext, 'reporter' | 'clock' | 'signal' | 'distribution'> = {
    reporter,
    clock: new FakeClock(),
    signal: new AbortController().signal,
    distribution: () => Promise.resolve(k3s),
  };
  return createBundle(
    context as WorkflowContext,
    'k3s',
    { version, out: out(), architectures: ['amd64'], images: [], imageList: false, ...request },
    'slipway bundle create',
  );
}
/** Steps that found their file in place. */
const kept = (): number =>
  reporter.events.filter((event) => event.type === 'step-progress' && event.text === 'is there already').length;

describe('a bundle from a folder with a release', () => {
  it('has the program, the images, the release’s sums and a manifest', async () => {
    const made = await create({ from: releaseFolder(at('release')) });
    expect(content()).toEqual(['bundle.json', 'k3s', 'k3s-airgap-images-amd64.tar.zst', 'sha256sum-amd64.txt']);
    expect(made).toMatchObject({ version, source: 'release', architectures: ['amd64'] });
    expect(statSync(at('out', 'k3s')).mode & 0o777).toBe(0o755);
    expect(readFileSync(at('out', 'k3s'))).toEqual(readFileSync(at('release', 'k3s')));
  });

  it('may be for both architectures, with further images, registries and the list of images', async () => {
    writeFileSync(at('pause.tar'), 'pause');
    writeFileSync(at('mine.yaml'), 'mirrors: {docker.io: {endpoint: ["https://mirror.example"]}}\n');
    const made = await create({
      from: releaseFolder(at('release'), { archs: ['amd64', 'arm64'] }),
      architectures: ['amd64', 'arm64'],
      images: [at('pause.tar')],
      registries: at('mine.yaml'),
      imageList: true,
    });
    expect(made.architectures).toEqual(['amd64', 'arm64']);
    expect(made.files.find(({ name }) => name === 'pause.tar')).not.toHaveProperty('arch');
    expect(content()).toEqual(
      expect.arrayContaining(['k3s', 'k3s-arm64', 'pause.tar', 'registries.yaml', 'k3s-images.txt']),
    );
    expect(statSync(at('out', 'registries.yaml')).mode & 0o777).toBe(0o600);
  });

  it('made again leaves what is right, mends what is not and removes what is not asked for any more', async () => {
    writeFileSync(at('pause.tar'), 'pause');
    const from = releaseFolder(at('release'));
    await create({ from, images: [at('pause.tar')] });
    writeFileSync(at('out', 'k3s'), 'spoiled');
    reporter = new RecordingReporter();
    await create({ from });
    expect(kept()).toBe(2);
    expect(content()).toEqual(['bundle.json', 'k3s', 'k3s-airgap-images-amd64.tar.zst', 'sha256sum-amd64.txt']);
  });

  it('that was cut off before its manifest was written is finished', async () => {
    const from = releaseFolder(at('release'));
    releaseFolder(out(), { images: false });
    writeFileSync(at('out', 'k3s-airgap-images-amd64.tar.zst.part'), 'half');
    await expect(create({ from, imageList: true })).resolves.toMatchObject({ version });
    expect(content()).not.toContain('k3s-airgap-images-amd64.tar.zst.part');
  });

  it('is not made of files that are not what the release’s sums say', async () => {
    const from = releaseFolder(at('release'));
    writeFileSync(at('release', 'k3s'), program('amd64', 'other'));
    await expect(create({ from })).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    expect(content()).not.toContain('bundle.json');
    expect(content()).not.toContain('k3s');
  });

  it('is not made over things of others', async () => {
    mkdirSync(out());
    writeFileSync(at('out', 'thesis.odt'), 'dear');
    await expect(create({ from: releaseFolder(at('release')) })).rejects.toMatchObject({
      code: 'NOT_A_BUNDLE',
      exitCode: 3,
    });
    expect(content()).toEqual(['thesis.odt']);
  });
});

describe('a bundle with a program of one’s own', () => {
  const given = (bytes: Buffer): string => {
    writeFileSync(at('built'), bytes);
    return at('built');
  };

  it('gets a sum file in the form of a release', async () => {
    writeFileSync(at('pause.tar'), 'pause');
    const made = await create({ binary: given(program('arm64')), architectures: ['arm64'], images: [at('pause.tar')] });
    expect(made).toMatchObject({ source: 'local', architectures: ['arm64'] });
    expect(content()).toEqual(['bundle.json', 'k3s-arm64', 'pause.tar', 'sha256sum-arm64.txt']);
    expect(readFileSync(at('out', 'sha256sum-arm64.txt'), 'utf8')).toMatch(
      /^[0-9a-f]{64} {2}k3s-arm64\n[0-9a-f]{64} {2}pause\.tar\n$/,
    );
  });

  it.each([
    ['is for another architecture', program('arm64'), 'is for arm64'],
    ['is a script', Buffer.from('#!/bin/sh\necho hello from k3s\n'), 'is no program for Linux'],
  ])('that %s is refused before anything is written', async (_what, bytes, words) => {
    await expect(create({ binary: given(bytes) })).rejects.toMatchObject({
      code: 'BAD_BUNDLE',
      message: expect.stringContaining(words) as string,
    });
    expect(existsSync(out())).toBe(false);
  });
});

describe('what a bundle cannot be made of', () => {
  it.each<[string, () => Partial<BundleRequest>, string]>([
    ['an image archive that is not there', () => ({ images: [at('no.tar')] }), 'BUNDLE_SOURCE'],
    ['an image that is no archive', () => ({ images: [at('image.iso')] }), 'BUNDLE_FLAGS'],
    ['a name with a blank', () => ({ images: [at('my images.tar')] }), 'BUNDLE_FLAGS'],
    ['two files of one name', () => ({ images: [at('a', 'x.tar'), at('b', 'x.tar')] }), 'BUNDLE_FLAGS'],
    [
      'one program for two architectures',
      () => ({ binary: '/k3s', architectures: ['amd64', 'arm64'] }),
      'BUNDLE_FLAGS',
    ],
    ['a program and a release', () => ({ binary: '/k3s', imageList: true }), 'BUNDLE_FLAGS'],
    ['a folder without a release', () => ({ from: at('nowhere') }), 'BUNDLE_SOURCE'],
    ['a version that is none', () => ({ version: 'latest', from: undefined }), 'BAD_K3S_VERSION'],
    [
      'a registries.yaml that k3s would not understand',
      () => {
        writeFileSync(at('reg.yaml'), 'mirror: {}\n');
        return { registries: at('reg.yaml') };
      },
      'BUNDLE_SOURCE',
    ],
  ])('%s', async (_what, request, code) => {
    const from = releaseFolder(at('release'));
    const asked = request();
    const source = 'binary' in asked || 'from' in asked ? {} : { from };
    await expect(create({ ...source, ...asked })).rejects.toMatchObject({ code, exitCode: 2 });
    expect(existsSync(at('out', 'bundle.json'))).toBe(false);
  });
});

describe('a bundle from a release site', () => {
  let site: Site;
  let releases: string;
  beforeEach(async () => {
    releaseFolder(at('site', version));
    site = new Site(at('site'));
    releases = await site.open();
  });
  afterEach(() => site.close());

  it('is downloaded and checked', async () => {
    await create({ releases, imageList: true });
    expect(site.requests.sort()).toEqual(
      ['k3s', 'k3s-airgap-images-amd64.tar.zst', 'k3s-images.txt', 'sha256sum-amd64.txt'].map(
        (name) => `${version}/${name}`,
      ),
    );
  });

  it('downloads nothing twice but the sums', async () => {
    await create({ releases });
    site.requests.length = 0;
    await create({ releases });
    expect(site.requests).toEqual([`${version}/sha256sum-amd64.txt`]);
  });

  it('goes on after connections that break', async () => {
    site.breaks = 3;
    await create({ releases });
    expect(content()).toContain('bundle.json');
  });

  it('gives up on a connection that always breaks, keeps what is whole, and is finished by running again', async () => {
    site.breaks = 1000;
    await expect(create({ releases })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', exitCode: 4 });
    expect(content().some((name) => name.endsWith('.part'))).toBe(false);
    site.breaks = 0;
    await expect(create({ releases })).resolves.toMatchObject({ version });
  });

  it('is given up at once when its sum file has no end', async () => {
    writeFileSync(at('site', version, 'sha256sum-amd64.txt'), 'x'.repeat(2 * 2 ** 20));
    await expect(create({ releases })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(site.requests.filter((path) => path.includes('sha256sum'))).toHaveLength(1);
    expect(content().some((name) => name.includes('sha256sum'))).toBe(false);
  });

  it('says that there is no such release', async () => {
    await expect(create({ releases, version: 'v1.36.99+k3s1' })).rejects.toMatchObject({ code: 'NO_SUCH_RELEASE' });
  });
});
