import { join } from 'node:path';

import { Secret } from '../../domain/index.js';
import type { StepContext } from '../../engine/index.js';
import { IncompleteError } from '../../errors/index.js';
import { readSmall } from '../../files/read-small.js';
import { type HostFactsParsed } from './host/index.js';
import {
  architecturesOf,
  badBundle,
  type Bundle,
  type BundleFile,
  filesFor,
  parsePut,
  programName,
  putK3sFiles,
  type PutAnswer,
  registriesName,
} from './bundle/index.js';
import type { Session } from '../../remote/types.js';

const MiB = 2 ** 20;
/** What a file system wants to keep for itself, and for what is written beside. */
const spareMiB = 16;
/** Where put-k3s-files brings images. */
const imagesFolder = '/var/lib/rancher/k3s/agent/images';

/** Where a host finds the program that was pushed to it. */
export interface PushedProgram {
  readonly file: string;
  readonly sha256: string;
}

/**
 * Brings a bundle's files to a host: what is there already, by its SHA-256, is not sent again, so that a run after one
 * that was cut off sends the rest.
 * @param meanwhile what can be done on the host while files are on their way
 * @throws UsageError code BAD_BUNDLE when there is no program for the host's architecture;
 * IncompleteError codes DISK_FULL, UPLOAD_FAILED, TASK_FAILED
 */
export async function pushBundle(
  bundle: Bundle,
  session: Session,
  { arch }: Pick<HostFactsParsed, 'arch'>,
  run: StepContext,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<PushedProgram> {
  const host = session.target.name;
  const { program, images } = filesFor(bundle, arch);
  if (!program) {
    const has = architecturesOf(bundle).join(', ') || 'no';
    throw badBundle(
      bundle.folder,
      [{ file: '', what: `${host} is an ${arch} machine and the bundle has ${has} programs` }],
      `Make one that has: slipway bundle create --k3s-version ${bundle.version} ${[...architecturesOf(bundle), arch].map((name) => `--arch ${name}`).join(' ')} --out ${bundle.folder}`,
    );
  }
  const files = new Map<string, BundleFile>([
    [programName, program],
    ...images.map((file): [string, BundleFile] => [file.name, file]),
  ]);
  const registries = bundle.files.some(({ kind }) => kind === 'registries')
    ? new Secret(await readSmall(join(bundle.folder, registriesName)))
    : undefined;
  const put = async (): Promise<PutAnswer> =>
    parsePut(
      await session.run(
        putK3sFiles({
          files: new Map([...files].map(([name, { sha256 }]) => [name, sha256])),
          registries,
          owner: session.target.user,
        }),
        run,
      ),
    );

  let answer = await put();
  refuseFullDisk(host, answer, files);
  await bothToTheirEnd(sendAll(answer), meanwhile());
  // The program is looked at once more where it is installed; whatever else has come is put in its place by the host.
  if (answer.missing.some((name) => name !== programName)) {
    answer = await put();
    if (answer.missing.length > 0) {
      throw new IncompleteError(`${answer.missing.join(', ')} did not arrive on ${host} as sent.`, {
        code: 'UPLOAD_FAILED',
        hint: `Check the bundle (slipway bundle verify ${bundle.folder}) and the machine’s disk, then run the same command again.`,
      });
    }
  }
  return { file: `${answer.folder}/${programName}`, sha256: program.sha256 };

  async function sendAll(missing: PutAnswer): Promise<void> {
    for (const name of missing.missing) await send(name, missing);
  }

  async function send(name: string, { folder }: PutAnswer): Promise<void> {
    const file = files.get(name)!;
    run.progress(`copying ${file.name} (${mebibytes(file.bytes)})`);
    try {
      await session.upload(join(bundle.folder, file.name), `${folder}/${name}`, 0o600, run);
    } catch (error) {
      if (!(error instanceof IncompleteError) || error.code !== 'UPLOAD_FAILED') throw error;
      // SFTP only says "failure": the host knows whether its disk was the reason.
      const now = await put();
      if (now.missing.includes(name)) refuseFullDisk(host, now, files, error);
      throw error;
    }
  }
}

/** Neither goes on behind an error of the other. @throws what the first one threw, else the second */
async function bothToTheirEnd(...work: readonly [Promise<unknown>, Promise<unknown>]): Promise<void> {
  for (const ended of await Promise.allSettled(work)) if (ended.status === 'rejected') throw ended.reason;
}

/** @throws IncompleteError code DISK_FULL */
function refuseFullDisk(
  host: string,
  { folder, missing, freeMiB, imagesFreeMiB }: PutAnswer,
  files: ReadonlyMap<string, BundleFile>,
  cause?: unknown,
): void {
  // The program is copied once more when it is installed.
  const times = (name: string): number => (name === programName ? 2 : 1);
  const needed = missing.reduce((sum, name) => sum + times(name) * files.get(name)!.bytes, 0) / MiB + spareMiB;
  const free = Math.min(freeMiB ?? Infinity, imagesFreeMiB ?? Infinity);
  const tight = (imagesFreeMiB ?? Infinity) < (freeMiB ?? Infinity) ? imagesFolder : folder;
  if (free >= needed) return;
  throw new IncompleteError(
    `${host} has ${free} MiB free below ${tight} where ${Math.ceil(needed)} MiB are needed for the bundle’s files.`,
    {
      code: 'DISK_FULL',
      hint: `Make room on ${host}, then run the same command again: what has arrived is not sent again.`,
      cause,
    },
  );
}

/** `63 MiB`, at least 1. */
function mebibytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / MiB))} MiB`;
}
