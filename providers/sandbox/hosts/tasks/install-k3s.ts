import { createHash } from 'node:crypto';
import type { Machine } from '../machine.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';
import { installedVersion, paths, sha256, writeFile } from './common.js';
import { incoming } from './put-k3s-files.js';

/** Bytes of the k3s program, roughly. */
export const binarySize = 76_000_000;
/** Minors whose releases the simulated download site has. */
const released = /^v1\.(3[2-7])\.\d{1,2}\+k3s\d$/;

export async function installK3s({ machine, param, need, say, fact }: TaskContext): Promise<void> {
  const version = need('VERSION');
  const { files } = machine;
  const answer = async (hash: string, changed: boolean): Promise<void> => {
    const got = await getImages(machine, version, param, say);
    fact('k3s_version', version);
    fact('sha256', hash);
    fact('changed', changed || got);
  };
  const [known = '', knownVersion = ''] = files.exists(paths.binaryRecord)
    ? files.text(paths.binaryRecord).split('\n')
    : [];
  const there = sha256(files, paths.binary);
  if (there !== '' && knownVersion === version && known === (param('SHA256') || known) && there === known) {
    await machine.wait(machine.context.profile().smallTaskMs);
    return answer(known, false);
  }
  const pushed = param('FILE');
  const hash =
    pushed === ''
      ? await download(machine, version, param('SHA256'), need, say)
      : check(machine, pushed, version, need);
  keepPrevious(machine, version);
  files.mkdirs('/usr/local/bin');
  files.writeOpaque(paths.binary, binarySize, hash, { mode: 0o755, program: `k3s ${version}` });
  writeFile(files, paths.binaryRecord, `${hash}\n${version}\n`, 0o644);
  if (pushed !== '') files.remove(pushed);
  if (files.exists(incoming) && files.list(incoming).length === 0) files.remove(incoming);
  if (installedVersion(machine) !== version)
    throw new TaskFailure('WRITE_FAILED', `${paths.binary} could not be written`);
  await answer(hash, true);
}

/** Bytes of the archive with the images that k3s itself starts, roughly. */
const imagesSize = 180_000_000;

async function getImages(
  machine: Machine,
  version: string,
  param: TaskContext['param'],
  say: TaskContext['say'],
): Promise<boolean> {
  if (param('IMAGES') !== 'true') return false;
  const { files } = machine;
  const name = `k3s-airgap-images-${machine.spec.architecture}.tar.zst`;
  const place = `/var/lib/rancher/k3s/agent/images/${name}`;
  const record = `${paths.binaryRecord.replace(/[^/]*$/, '')}images.sha256`;
  const hash = releaseHash(version, name);
  const kept = `${hash}\n${version}\n`;
  if (sha256(files, place) === hash && files.exists(record) && files.text(record) === kept) return false;
  say(`downloading the images of k3s ${version}`);
  await machine.wait(machine.context.profile().downloadMs);
  if (machine.traits?.offline)
    throw new TaskFailure('DOWNLOAD_FAILED', `${param('BASE_URL')}/${name} could not be reached`);
  files.mkdirs('/var/lib/rancher/k3s/agent/images');
  files.writeOpaque(place, imagesSize, hash, { mode: 0o644 });
  writeFile(files, record, kept, 0o644);
  return true;
}

/** The release that was here stays, for put-back-k3s. */
function keepPrevious({ files }: Machine, version: string): void {
  const record = files.exists(paths.binaryRecord) ? files.text(paths.binaryRecord) : '';
  const [sum, was] = record.split('\n');
  if (was === undefined || was === version || sha256(files, paths.binary) !== sum) return;
  files.writeOpaque(paths.previous, binarySize, sum, { mode: 0o755, program: `k3s ${was}` });
  writeFile(files, `${paths.previous}.sha256`, record, 0o644);
}

async function download(
  machine: Machine,
  version: string,
  desired: string,
  need: TaskContext['need'],
  say: TaskContext['say'],
): Promise<string> {
  const name = machine.spec.architecture === 'amd64' ? 'k3s' : 'k3s-arm64';
  const url = `${need('BASE_URL').replace(/\/$/, '')}/${name}`;
  say(`downloading k3s ${version}`);
  await machine.wait(machine.context.profile().downloadMs);
  if (machine.traits?.offline) {
    throw new TaskFailure(
      'DOWNLOAD_FAILED',
      `the name in ${url} could not be resolved: has this machine a network and DNS? (curl: (6) Could not resolve host: ${new URL(url).hostname})`,
    );
  }
  if (!released.test(version)) {
    throw new TaskFailure(
      'DOWNLOAD_FAILED',
      `the server refused ${url}: does that release exist? (curl: (22) The requested URL returned error: 404)`,
    );
  }
  const found = machine.badDownloads ? releaseHash(`${version} damaged`, name) : desired || releaseHash(version, name);
  const expected = desired || releaseHash(version, name);
  if (found !== expected) {
    throw new TaskFailure(
      'CHECKSUM_MISMATCH',
      `k3s ${version} has SHA-256 ${found} where ${expected} is expected; it was not installed`,
    );
  }
  return found;
}

/** A pushed file is what its SHA-256 says; a small stand-in must say which version it is. */
function check(machine: Machine, file: string, version: string, need: TaskContext['need']): string {
  const desired = machine.files.exists(file) ? need('SHA256') : '';
  if (desired === '') throw new TaskFailure('FILE_MISSING', `${file} is not on this machine`);
  const found = sha256(machine.files, file);
  if (found !== desired) {
    throw new TaskFailure(
      'CHECKSUM_MISMATCH',
      `k3s ${version} has SHA-256 ${found} where ${desired} is expected; it was not installed`,
    );
  }
  const content = machine.files.find(file)?.content;
  const says = content && /k3s version (v[^\s"']+)/.exec(content.toString('latin1'))?.[1];
  if (content && says !== version) {
    throw new TaskFailure(
      'VERSION_MISMATCH',
      `the binary says it is ${says ?? 'nothing this machine can run'}, not ${version}; it was not installed`,
    );
  }
  return found;
}

const releaseHash = (version: string, name: string): string =>
  createHash('sha256').update(`sandbox ${name} ${version}`).digest('hex');
