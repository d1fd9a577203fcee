import { createHash, type Hash } from 'node:crypto';
import { posix } from 'node:path';
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';
import { contentLimit, type FileSystem, FsError, type FsNode } from './file-system.js';

const { STATUS_CODE: status, OPEN_MODE: open } = ssh2.utils.sftp;

/** An open file or folder. Writing keeps the bytes while they are few, and size and hash of all. */
interface Handle {
  readonly path: string;
  readonly writer: Writer | undefined;
  /** Folders: names not yet told. */
  names: string[] | undefined;
}

class Writer {
  #hash: Hash = createHash('sha256');
  #chunks: Buffer[] = [];
  #size = 0;
  /** Arrived before what goes in front of it. */
  readonly #early = new Map<number, Buffer>();

  get size(): number {
    return this.#size;
  }

  add(offset: number, data: Buffer): void {
    this.#early.set(offset, Buffer.from(data));
    for (let next = this.#early.get(this.#size); next; next = this.#early.get(this.#size)) {
      this.#early.delete(this.#size);
      this.#hash.update(next);
      this.#size += next.length;
      if (this.#size <= contentLimit) this.#chunks.push(next);
      else this.#chunks = [];
    }
  }

  save(files: FileSystem, path: string, mode: number, owner: string): void {
    if (this.#size <= contentLimit) files.write(path, Buffer.concat(this.#chunks), { mode, owner });
    else files.writeOpaque(path, this.#size, this.#hash.copy().digest('hex'), { mode, owner });
  }
}

/** Serves SFTP from a machine's file system, as the logged-in user. */
export function serveSftp(files: FileSystem, user: string, sftp: SFTPWrapper): void {
  const session = new Session(files, user, sftp);
  session.serveFiles();
  session.serveAttributes();
  session.serveFolders();
  session.serveNames();
}

class Session {
  readonly #handles = new Map<number, Handle>();
  #counter = 0;

  constructor(
    private readonly files: FileSystem,
    private readonly user: string,
    private readonly sftp: SFTPWrapper,
  ) {}

  serveFiles(): void {
    const { files, sftp } = this;
    sftp.on('OPEN', (id, path, flags, { mode }: Partial<Attributes>) =>
      this.#answer(id, () => this.#open(id, path, flags, mode)),
    );
    sftp.on('WRITE', (id, raw, offset, data) =>
      this.#answer(id, () => {
        const { path, writer } = this.#handleOf(raw);
        if (!writer) throw new FsError('EACCES', path);
        if (!files.takes(writer.size + data.length)) throw new FsError('ENOSPC', path);
        writer.add(offset, data);
        sftp.status(id, status.OK);
      }),
    );
    sftp.on('READ', (id, raw, offset, length) =>
      this.#answer(id, () => {
        const content = files.read(this.#handleOf(raw).path);
        if (offset >= content.length) sftp.status(id, status.EOF);
        else sftp.data(id, content.subarray(offset, offset + length));
      }),
    );
    sftp.on('CLOSE', (id, raw) =>
      this.#answer(id, () => {
        const { path, writer } = this.#handleOf(raw);
        this.#handles.delete(raw.readUInt32BE());
        const node = files.find(path);
        if (writer && node) writer.save(files, path, node.mode, node.owner);
        sftp.status(id, status.OK);
      }),
    );
  }

  serveAttributes(): void {
    const { files, sftp } = this;
    const tell = (id: number, path: string): void =>
      this.#answer(id, () => {
        sftp.attrs(id, attributesOf(files.stat(path)));
      });
    const set = (id: number, path: string, { mode, mtime }: Partial<Attributes>): void =>
      this.#change(id, path, () =>
        files.setAttributes(path, {
          ...(mode === undefined ? {} : { mode }),
          ...(mtime === undefined ? {} : { mtime }),
        }),
      );
    sftp.on('STAT', tell);
    sftp.on('LSTAT', tell);
    sftp.on('SETSTAT', set);
    sftp.on('FSETSTAT', (id, raw, desired) => this.#answer(id, () => set(id, this.#handleOf(raw).path, desired)));
    sftp.on('FSTAT', (id, raw) =>
      this.#answer(id, () => {
        const { path, writer } = this.#handleOf(raw);
        const attributes = attributesOf(files.stat(path));
        sftp.attrs(id, writer ? { ...attributes, size: writer.size } : attributes);
      }),
    );
  }

  serveFolders(): void {
    const { files, sftp } = this;
    sftp.on('OPENDIR', (id, path) =>
      this.#answer(id, () => {
        this.#mustRead(path);
        this.#issue(id, { path, writer: undefined, names: files.list(path) });
      }),
    );
    sftp.on('READDIR', (id, raw) =>
      this.#answer(id, () => {
        const handle = this.#handleOf(raw);
        const names = handle.names?.splice(0, 100) ?? [];
        if (names.length === 0) {
          sftp.status(id, status.EOF);
          return;
        }
        const rows = names.map((filename) => {
          const node = files.stat(posix.join(handle.path, filename));
          return { filename, longname: longName(filename, node), attrs: attributesOf(node) };
        });
        sftp.name(id, rows);
      }),
    );
    sftp.on('MKDIR', (id, path, { mode = 0o755 }: Partial<Attributes>) =>
      this.#change(id, path, () => files.mkdir(path, { mode: mode & 0o7777, owner: this.user })),
    );
    sftp.on('RMDIR', (id, path) => this.#change(id, path, () => files.remove(path)));
  }

  serveNames(): void {
    const { files, sftp, user } = this;
    sftp.on('REALPATH', (id, path) => {
      const home = user === 'root' ? '/root' : `/home/${user}`;
      const filename = posix.resolve(home, path);
      sftp.name(id, [{ filename, longname: filename, attrs: {} as Attributes }]);
    });
    sftp.on('REMOVE', (id, path) =>
      this.#change(id, path, () => {
        if (files.stat(path).kind === 'dir') throw new FsError('EISDIR', path);
        files.remove(path);
      }),
    );
    sftp.on('RENAME', (id, from, to) =>
      this.#change(id, to, () => {
        this.#mustWrite(from);
        // Version 3 of the protocol refuses an existing target; OpenSSH's own extension replaces it.
        if (files.exists(to)) throw new FsError('EEXIST', to);
        files.rename(from, to);
      }),
    );
    sftp.on('EXTENDED', (id, name, data) => {
      if (name !== 'posix-rename@openssh.com') {
        sftp.status(id, status.OP_UNSUPPORTED);
        return;
      }
      this.#answer(id, () => {
        const length = data.readUInt32BE(0);
        const from = data.toString('utf8', 4, 4 + length);
        const to = data.toString('utf8', 8 + length, 8 + length + data.readUInt32BE(4 + length));
        this.#change(id, to, () => {
          this.#mustWrite(from);
          files.rename(from, to);
        });
      });
    });
  }

  #open(id: number, path: string, flags: number, desiredMode: number | undefined): void {
    const { files } = this;
    if (files.find(path)?.kind === 'dir') throw new FsError('EISDIR', path);
    if ((flags & (open.WRITE | open.APPEND)) === 0) {
      files.stat(path);
      this.#mustRead(path);
      this.#issue(id, { path, writer: undefined, names: undefined });
      return;
    }
    this.#mustWrite(path);
    if ((flags & open.EXCL) !== 0 && files.exists(path)) throw new FsError('EEXIST', path);
    if ((flags & open.CREAT) === 0) files.stat(path);
    const mode = (desiredMode ?? files.find(path)?.mode ?? 0o644) & 0o7777;
    const writer = new Writer();
    if ((flags & open.APPEND) !== 0 && files.exists(path)) writer.add(0, files.read(path));
    writer.save(files, path, mode, this.user);
    this.#issue(id, { path, writer, names: undefined });
  }

  #answer(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      // A packet that is cut short throws while it is read: the session hears that it failed, and goes on.
      if (error instanceof FsError) this.sftp.status(id, statusOf(error), error.message);
      else this.sftp.status(id, error instanceof RangeError ? status.BAD_MESSAGE : status.FAILURE);
    }
  }

  #change(id: number, path: string, work: () => void): void {
    this.#answer(id, () => {
      this.#mustWrite(path);
      work();
      this.sftp.status(id, status.OK);
    });
  }

  #handleOf(raw: Buffer): Handle {
    const handle = raw.length === 4 ? this.#handles.get(raw.readUInt32BE()) : undefined;
    if (!handle) throw new FsError('ENOENT', 'handle');
    return handle;
  }

  #issue(id: number, handle: Handle): void {
    const raw = Buffer.alloc(4);
    raw.writeUInt32BE(++this.#counter);
    this.#handles.set(this.#counter, handle);
    this.sftp.handle(id, raw);
  }

  #mustRead(path: string): void {
    if (this.files.exists(path) && !this.files.mayRead(this.user, path)) throw new FsError('EACCES', path);
  }

  #mustWrite(path: string): void {
    if (!this.files.mayWrite(this.user, path)) throw new FsError('EACCES', path);
  }
}

function statusOf({ code }: FsError): number {
  if (code === 'ENOENT') return status.NO_SUCH_FILE;
  return code === 'EACCES' ? status.PERMISSION_DENIED : status.FAILURE;
}

function attributesOf(node: FsNode): Attributes {
  const type = node.kind === 'dir' ? 0o040000 : 0o100000;
  const id = node.owner === 'root' ? 0 : 1000;
  return { mode: type | node.mode, uid: id, gid: id, size: node.size, atime: node.mtime, mtime: node.mtime };
}

function longName(name: string, node: FsNode): string {
  const bits = [6, 3, 0].flatMap((shift) => ['r', 'w', 'x'].map((c, i) => ((node.mode >> shift) & (4 >> i) ? c : '-')));
  const date = new Date(node.mtime * 1000).toISOString().slice(0, 10);
  return `${node.kind === 'dir' ? 'd' : '-'}${bits.join('')} 1 ${node.owner} ${node.owner} ${node.size} ${date} ${name}`;
}
