import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Client, SFTPWrapper, Stats } from 'ssh2';

import type { RunOptions } from './types.js';

const MiB = 2 ** 20;

export interface Upload {
  readonly localPath: string;
  readonly remotePath: string;
  readonly mode: number;
}

/**
 * Copies by SFTP under a temporary name, then renames. SFTP can't tell a file's hash, so one that is there with the
 * right size is read back and hashed; nothing is sent when it is the same.
 */
export async function uploadFile(client: Client, upload: Upload, options: RunOptions): Promise<void> {
  const { size } = await stat(upload.localPath);
  await withSftp(client, options, (sftp) => copy(sftp, upload, size, options));
}

/** Copies a file of the host by SFTP. What arrived of one that was cut off is of no use. */
export async function downloadFile(
  client: Client,
  { remotePath, localPath }: Omit<Upload, 'mode'>,
  options: RunOptions,
): Promise<void> {
  await withSftp(client, options, async (sftp) => {
    const there = await statOf(sftp, remotePath);
    if (!there) throw new Error(`${remotePath} is not there`);
    await done((callback) => sftp.fastGet(remotePath, localPath, callback));
    const { size } = await stat(localPath);
    if (size !== there.size) throw new Error(`${size} of ${there.size} bytes arrived`);
  });
}

async function withSftp(
  client: Client,
  { signal }: RunOptions,
  work: (sftp: SFTPWrapper) => Promise<void>,
): Promise<void> {
  // ssh2 forgets the callbacks of a copy when its connection breaks.
  let onClose = (): void => {};
  const lost = new Promise<never>((_, reject) => {
    onClose = () => reject(new Error('the connection was lost'));
  });
  client.once('close', onClose);
  try {
    await Promise.race([opened(), lost]);
  } finally {
    client.removeListener('close', onClose);
  }

  async function opened(): Promise<void> {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, session) => (error ? reject(error) : resolve(session)));
    });
    const onAbort = (): void => sftp.end();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await work(sftp);
    } finally {
      signal.removeEventListener('abort', onAbort);
      sftp.end();
    }
  }
}

async function copy(
  sftp: SFTPWrapper,
  { localPath, remotePath, mode }: Upload,
  size: number,
  { signal, progress }: RunOptions,
): Promise<void> {
  const there = await statOf(sftp, remotePath);
  if (there?.size === size && (await isSame(sftp, remotePath, localPath, size))) {
    await done((callback) => sftp.chmod(remotePath, mode, callback));
    progress?.(`${remotePath} is there already`);
    return;
  }
  const part = `${remotePath}.slipway-part`;
  let tenths = 0;
  const step = (sent: number): void => {
    const now = Math.floor((sent / size) * 10);
    if (now > tenths && size >= MiB)
      progress?.(`${Math.floor(sent / MiB)} of ${Math.ceil(size / MiB)} MiB of ${remotePath} copied`);
    tenths = Math.max(tenths, now);
  };
  try {
    await done((callback) => sftp.fastPut(localPath, part, { mode, step }, callback));
    const sent = await statOf(sftp, part);
    if (sent?.size !== size) throw new Error(`${sent?.size ?? 0} of ${size} bytes arrived`);
  } catch (error) {
    // What was written may be what filled the disk.
    if (!signal.aborted) await removed(sftp, part);
    throw error;
  }
  await done((callback) => sftp.chmod(part, mode, callback));
  await replaced(sftp, part, remotePath);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function done(work: (callback: (error?: Error | null) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}

async function statOf(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
  return new Promise((resolve) => sftp.stat(path, (error, stats) => resolve(error ? undefined : stats)));
}

/** Bytes of one read, and how many are under way: alone, each would cost a round trip. */
const readBytes = 32 * 1024;
const readsAhead = 32;

async function isSame(sftp: SFTPWrapper, remotePath: string, localPath: string, size: number): Promise<boolean> {
  const [theirs, ours] = await Promise.all([remoteSha256(sftp, remotePath, size), sha256(localPath)]);
  return theirs === ours;
}

/** Undefined when it can't be read: then it is sent again. */
async function remoteSha256(sftp: SFTPWrapper, path: string, size: number): Promise<string | undefined> {
  const hash = createHash('sha256');
  const handle = await new Promise<Buffer | undefined>((resolve) => {
    sftp.open(path, 'r', (error, opened) => resolve(error ? undefined : opened));
  });
  if (!handle) return undefined;
  const read = (at: number): Promise<Buffer | undefined> =>
    new Promise((resolve) => {
      const desired = Math.min(readBytes, size - at);
      sftp.read(handle, Buffer.alloc(desired), 0, desired, at, (error, got, bytes) => {
        resolve(error || got !== desired ? undefined : bytes);
      });
    });
  const underWay: Promise<Buffer | undefined>[] = [];
  let next = 0;
  while (next < size || underWay.length > 0) {
    for (; next < size && underWay.length < readsAhead; next += readBytes) underWay.push(read(next));
    const bytes = await underWay.shift();
    if (!bytes) break;
    hash.update(bytes);
  }
  const whole = next >= size && underWay.length === 0;
  await Promise.all(underWay);
  await done((callback) => sftp.close(handle, callback));
  return whole ? hash.digest('hex') : undefined;
}

async function removed(sftp: SFTPWrapper, path: string): Promise<void> {
  await new Promise<void>((resolve) => sftp.unlink(path, () => resolve()));
}

/** rename(2) as OpenSSH offers it; elsewhere the old file has to go first. */
async function replaced(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
  try {
    await done((callback) => sftp.ext_openssh_rename(from, to, callback));
  } catch {
    await removed(sftp, to);
    await done((callback) => sftp.rename(from, to, callback));
  }
}
