import { createHash } from 'node:crypto';
import { posix } from 'node:path';

export type FsErrorCode = 'ENOENT' | 'EEXIST' | 'ENOTDIR' | 'EISDIR' | 'ENOTEMPTY' | 'ENOSPC' | 'EACCES' | 'EFBIG';

export class FsError extends Error {
  constructor(
    readonly code: FsErrorCode,
    path: string,
  ) {
    super(`${path}: ${texts[code]}`);
    this.name = 'FsError';
  }
}

const texts: Record<FsErrorCode, string> = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  ENOSPC: 'No space left on device',
  EACCES: 'Permission denied',
  EFBIG: 'The sandbox keeps only size and SHA-256 of a file of this size',
};

/** Files up to this many bytes keep their content; of larger ones size and SHA-256 are known. */
export const contentLimit = 1024 * 1024;

export interface FsNode {
  readonly kind: 'file' | 'dir';
  /** Permission bits only, such as 0o600. */
  mode: number;
  owner: string;
  /** Seconds since 1970. */
  mtime: number;
  size: number;
  /** Of files up to `contentLimit`. */
  content?: Buffer | undefined;
  /** Hex; of larger files. */
  sha256?: string | undefined;
  /** What a simulated program is: `k3s v1.36.5+k3s1`. Real files have none. */
  program?: string | undefined;
}

export interface FsSnapshot {
  readonly [path: string]: Omit<FsNode, 'content'> & { readonly text?: string; readonly base64?: string };
}

export interface WriteOptions {
  readonly mode?: number;
  readonly owner?: string;
  readonly program?: string;
}

/** The disk of a simulated machine. Paths are absolute; there are no links. */
export class FileSystem {
  readonly #nodes = new Map<string, FsNode>();
  #used = 0;
  #budget = Infinity;
  /** No byte more can be written. */
  full = false;

  /**
   * @param capacity bytes
   * @param now seconds since 1970
   * @param changed told after each change
   */
  constructor(
    private readonly capacity: number,
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {
    this.#nodes.set('/', { kind: 'dir', mode: 0o755, owner: 'root', mtime: now(), size: 0 });
  }

  /** After so many more bytes nothing can be written any more, whatever `freeBytes` says until then. */
  fullAfter(bytes: number | undefined): void {
    this.#budget = bytes ?? Infinity;
  }

  /** Whether so many bytes can really be written. A disk that ran into its limit stays full. */
  takes(bytes: number): boolean {
    if (bytes > this.#budget) this.full = true;
    return bytes <= 0 || (!this.full && bytes <= this.freeBytes);
  }

  get freeBytes(): number {
    return this.full ? 0 : Math.max(0, this.capacity - this.#used);
  }

  find(path: string): FsNode | undefined {
    return this.#nodes.get(normal(path));
  }

  /** @throws FsError ENOENT */
  stat(path: string): FsNode {
    const node = this.find(path);
    if (!node) throw new FsError('ENOENT', path);
    return node;
  }

  exists(path: string): boolean {
    return this.find(path) !== undefined;
  }

  /** @throws FsError ENOENT, EISDIR, EFBIG (the content was not kept) */
  read(path: string): Buffer {
    const node = this.stat(path);
    if (node.kind === 'dir') throw new FsError('EISDIR', path);
    if (!node.content) throw new FsError('EFBIG', path);
    return node.content;
  }

  text(path: string): string {
    return this.read(path).toString('utf8');
  }

  /** Makes or replaces a file whose folder exists. @throws FsError ENOENT, ENOTDIR, EISDIR, ENOSPC */
  write(path: string, content: Buffer | string, options: WriteOptions = {}): void {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content, 'utf8');
    const kept = bytes.length <= contentLimit;
    const sha256 = kept ? undefined : createHash('sha256').update(bytes).digest('hex');
    this.#put(path, { size: bytes.length, content: kept ? bytes : undefined, sha256 }, options);
  }

  /** A file of which only size and hash are known. */
  writeOpaque(path: string, size: number, sha256: string, options: WriteOptions = {}): void {
    this.#put(path, { size, sha256, content: undefined }, options);
  }

  append(path: string, text: string): void {
    const old = this.exists(path) ? this.read(path) : Buffer.alloc(0);
    const { mode, owner } = this.find(path) ?? { mode: 0o644, owner: 'root' };
    this.write(path, Buffer.concat([old, Buffer.from(text)]), { mode, owner });
  }

  /** Writes the file, making its folders as root. */
  install(path: string, content: string, options: WriteOptions = {}): void {
    this.mkdirs(posix.dirname(normal(path)));
    this.write(path, content, options);
  }

  /** @throws FsError EEXIST, ENOENT, ENOTDIR */
  mkdir(path: string, options: WriteOptions = {}): void {
    const name = normal(path);
    if (this.exists(name)) throw new FsError('EEXIST', path);
    this.#parent(name);
    const mode = options.mode ?? 0o755;
    this.#nodes.set(name, { kind: 'dir', mode, owner: options.owner ?? 'root', mtime: this.now(), size: 0 });
    this.changed();
  }

  mkdirs(path: string, mode = 0o755): void {
    const name = normal(path);
    if (this.exists(name)) return;
    this.mkdirs(posix.dirname(name), mode);
    this.mkdir(name, { mode });
  }

  /** Removes a file or an empty folder. */
  remove(path: string): void {
    const name = normal(path);
    const node = this.stat(name);
    if (node.kind === 'dir' && this.list(name).length > 0) throw new FsError('ENOTEMPTY', path);
    this.#used -= node.size;
    this.#nodes.delete(name);
    this.changed();
  }

  /** `rm -rf` */
  removeTree(path: string): void {
    const name = normal(path);
    for (const [other, node] of [...this.#nodes]) {
      if (other !== name && !other.startsWith(`${name}/`)) continue;
      this.#used -= node.size;
      this.#nodes.delete(other);
    }
    this.changed();
  }

  /** Replaces a file at the new place, as rename(2) does. */
  rename(from: string, to: string): void {
    const source = normal(from);
    const target = normal(to);
    const node = this.stat(source);
    this.#parent(target);
    if (this.find(target)?.kind === 'dir') throw new FsError('EISDIR', to);
    if (this.exists(target)) this.remove(target);
    for (const [path, moved] of [...this.#nodes]) {
      if (path !== source && !(node.kind === 'dir' && path.startsWith(`${source}/`))) continue;
      this.#nodes.delete(path);
      this.#nodes.set(target + path.slice(source.length), moved);
    }
    this.changed();
  }

  /** Names in a folder, sorted. @throws FsError ENOENT, ENOTDIR */
  list(path: string): string[] {
    const name = normal(path);
    if (this.stat(name).kind !== 'dir') throw new FsError('ENOTDIR', path);
    const prefix = name === '/' ? '/' : `${name}/`;
    return [...this.#nodes.keys()]
      .filter((other) => other !== '/' && other.startsWith(prefix) && !other.slice(prefix.length).includes('/'))
      .map((other) => other.slice(prefix.length))
      .sort();
  }

  /** Every file, in order of paths. */
  entries(): readonly (readonly [string, FsNode])[] {
    return [...this.#nodes].filter(([, { kind }]) => kind === 'file').sort(([a], [b]) => (a < b ? -1 : 1));
  }

  setAttributes(path: string, attributes: { mode?: number; owner?: string; mtime?: number }): void {
    const node = this.stat(path);
    if (attributes.mode !== undefined) node.mode = attributes.mode & 0o7777;
    if (attributes.owner !== undefined) node.owner = attributes.owner;
    if (attributes.mtime !== undefined) node.mtime = attributes.mtime;
    this.changed();
  }

  mayRead(user: string, path: string): boolean {
    const node = this.find(path);
    if (!node || user === 'root') return node !== undefined;
    return (
      (node.mode & (node.owner === user ? 0o400 : 0o004)) !== 0 && this.#mayEnter(user, posix.dirname(normal(path)))
    );
  }

  mayWrite(user: string, path: string): boolean {
    if (user === 'root') return true;
    const node = this.find(path) ?? this.find(posix.dirname(normal(path)));
    if (!node) return false;
    return (
      (node.mode & (node.owner === user ? 0o200 : 0o002)) !== 0 && this.#mayEnter(user, posix.dirname(normal(path)))
    );
  }

  snapshot(): FsSnapshot {
    const out: Record<string, FsSnapshot[string]> = {};
    for (const [path, { content, ...node }] of this.#nodes) {
      const text = content?.toString('utf8');
      const plain = text !== undefined && content?.equals(Buffer.from(text, 'utf8'));
      const kept = content === undefined ? {} : plain ? { text } : { base64: content.toString('base64') };
      out[path] = { ...node, ...kept };
    }
    return out;
  }

  restore(state: FsSnapshot): void {
    this.#nodes.clear();
    this.#used = 0;
    for (const [path, { text, base64, ...node }] of Object.entries(state)) {
      const content =
        text !== undefined
          ? Buffer.from(text, 'utf8')
          : base64 !== undefined
            ? Buffer.from(base64, 'base64')
            : undefined;
      this.#nodes.set(path, { ...node, content });
      this.#used += node.size;
    }
  }

  #put(path: string, data: Pick<FsNode, 'size' | 'content' | 'sha256'>, options: WriteOptions): void {
    const name = normal(path);
    this.#parent(name);
    const old = this.find(name);
    if (old?.kind === 'dir') throw new FsError('EISDIR', path);
    const more = data.size - (old?.size ?? 0);
    const onDisk = !name.startsWith('/proc/');
    if (onDisk && data.size > 0 && (this.full || !this.takes(more))) throw new FsError('ENOSPC', path);
    if (onDisk) this.#budget -= Math.max(0, more);
    this.#used += more;
    this.#nodes.set(name, {
      kind: 'file',
      mode: options.mode ?? old?.mode ?? 0o644,
      owner: options.owner ?? old?.owner ?? 'root',
      mtime: this.now(),
      program: options.program,
      ...data,
    });
    this.changed();
  }

  #parent(name: string): void {
    const parent = this.find(posix.dirname(name));
    if (!parent) throw new FsError('ENOENT', name);
    if (parent.kind !== 'dir') throw new FsError('ENOTDIR', name);
  }

  #mayEnter(user: string, folder: string): boolean {
    for (let at = folder; at !== '/'; at = posix.dirname(at)) {
      const node = this.find(at);
      if (!node || (node.mode & (node.owner === user ? 0o100 : 0o001)) === 0) return false;
    }
    return true;
  }
}

function normal(path: string): string {
  const clean = posix.normalize(posix.isAbsolute(path) ? path : `/root/${path}`);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}
