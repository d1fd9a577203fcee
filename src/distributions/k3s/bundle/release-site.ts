import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Clock } from '../../../domain/clock.js';
import { AnswerTooLarge } from '../../../http/body.js';
import { IncompleteError, messageOf, UsageError } from '../../../errors/index.js';

export interface DownloadOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress?: ((text: string) => void) | undefined;
  /** Bytes that the file can have at most; 4 GiB, unless less is known. */
  readonly bytesAtMost?: number;
}

const tries = 4;
const MiB = 2 ** 20;
/** Four times all images of a release. */
const fileAtMost = 4 * 2 ** 30;
/** Milliseconds without a byte after which a download counts as dead. */
const silenceMs = 60_000;

/**
 * Downloads a file to a path, whole or with an error; a connection that breaks is tried again.
 * @throws UsageError code NO_SUCH_RELEASE for a file the site does not have; IncompleteError code DOWNLOAD_FAILED
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const { clock, signal, progress } = options;
  for (let left = tries - 1; ; left--) {
    try {
      return await once(url, path, options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UsageError) throw error;
      if (isFullDisk(error)) throw fullDisk(path, error);
      if (left === 0 || error instanceof AnswerTooLarge) {
        throw new IncompleteError(`${url} could not be downloaded: ${messageOf(error)}.`, {
          code: 'DOWNLOAD_FAILED',
          hint: 'Check the way to the internet and run the same command again, or take the files from a folder with --from.',
          cause: error,
        });
      }
      progress?.(`${messageOf(error)}; trying again`);
      await clock.sleep(1000 * (tries - left), signal);
    }
  }
}

async function once(url: string, path: string, options: DownloadOptions): Promise<void> {
  const { signal, progress, bytesAtMost = fileAtMost } = options;
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`nothing came for ${silenceMs / 1000} s`)), silenceMs);
  };
  heard();
  try {
    const both = AbortSignal.any([signal, silence.signal]);
    const response = await fetch(url, { signal: both, redirect: 'follow' });
    if (response.status === 404) {
      throw new UsageError(`${url} does not exist.`, {
        code: 'NO_SUCH_RELEASE',
        hint: 'Write --k3s-version as on the release page (v1.36.5+k3s1); a mirror is named with --releases.',
      });
    }
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    let got = 0;
    let said = 0;
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        heard();
        got += chunk.length;
        if (got > bytesAtMost) return done(new AnswerTooLarge(bytesAtMost));
        if (got - said >= 10 * MiB) {
          said = got;
          progress?.(`${Math.floor(got / MiB)}${total > 0 ? ` of ${Math.ceil(total / MiB)}` : ''} MiB`);
        }
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), counter, createWriteStream(path), {
      signal: both,
    });
    if (total > 0 && got !== total && !response.headers.has('content-encoding'))
      throw new Error(`${got} of ${total} bytes came`);
  } finally {
    clearTimeout(timer);
  }
}

export const isFullDisk = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

export function fullDisk(path: string, cause: unknown): IncompleteError {
  return new IncompleteError(`There is no space left for ${path} on this computer.`, {
    code: 'DISK_FULL',
    hint: 'Make room, then run the same command again: what is complete is kept.',
    cause,
  });
}
