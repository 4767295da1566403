// One SFTP session below one root folder: what OpenSSH's sftp-server does for the requests that a file exchange needs.
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  attributesPacket,
  dataPacket,
  handlePacket,
  type Named,
  namesPacket,
  OPEN_FLAG,
  PacketReader,
  PacketSplitter,
  REQUEST,
  STATUS,
  statusPacket,
  type StatusCode,
  versionPacket,
} from './packets.js';
import { clientPath, diskPath, PathError } from './paths.js';

/** What a hook wants done instead of, or after, a request. */
export type Interference = 'none' | 'fail' | 'cut' | 'hang';

export interface SessionHooks {
  /** Before a file is opened for writing; `path` as the client names it. */
  beforeWrite: (path: string) => Promise<Interference>;
  /** After a file has got its name; the answer has not gone out yet. */
  afterRename: (from: string, to: string) => Promise<Interference>;
  /** After a file that was written to is closed. */
  afterWrite: (path: string) => void;
  /** A path that leaves the root was asked for. */
  traversal: () => void;
  /** Ends the whole connection without a word. */
  cut: () => void;
}

interface OpenFile {
  file: FileHandle;
  path: string;
  written: boolean;
}

interface OpenFolder {
  names: Named[];
}

const EXTENSIONS = { 'posix-rename@openssh.com': '1', 'fsync@openssh.com': '1' };
const NAMES_AT_ONCE = 100;
const MAX_READ = 255 * 1024;
const MAX_HANDLES = 100;

/** Thrown to answer with a status other than FAILURE. */
class StatusError extends Error {
  constructor(readonly code: StatusCode) {
    super(`status ${code}`);
  }
}

export class SftpSession {
  readonly #splitter = new PacketSplitter();
  readonly #files = new Map<number, OpenFile | OpenFolder>();
  #nextHandle = 1;
  /** Requests are answered one after another, which SFTP allows and which keeps their effects in order. */
  #work: Promise<void> = Promise.resolve();
  #ended = false;

  private constructor(
    private readonly channel: Duplex,
    private readonly root: string,
    private readonly hooks: SessionHooks,
  ) {}

  /** Answers everything that comes on `channel` until it closes. */
  static serve(channel: Duplex, root: string, hooks: SessionHooks): void {
    const session = new SftpSession(channel, root, hooks);
    channel.on('data', (chunk: Buffer) => session.#push(chunk));
    channel.on('error', () => undefined);
    channel.on('end', () => channel.end());
    channel.on('close', () => void session.#end());
  }

  #push(chunk: Buffer): void {
    try {
      for (const packet of this.#splitter.push(chunk)) {
        this.#work = this.#work.then(() => this.#serve(packet));
      }
    } catch {
      this.hooks.cut();
    }
  }

  async #end(): Promise<void> {
    this.#ended = true;
    await this.#work;
    for (const one of this.#files.values()) if ('file' in one) await one.file.close().catch(() => undefined);
    this.#files.clear();
  }

  #write(packet: Buffer): void {
    if (!this.#ended) this.channel.write(packet);
  }

  async #serve(packet: Buffer): Promise<void> {
    if (this.#ended) return;
    const reader = new PacketReader(packet);
    const type = reader.byte();
    if (type === REQUEST.INIT) return this.#write(versionPacket(EXTENSIONS));
    const id = reader.uint32();
    try {
      const interference = await this.#request(type, id, reader);
      if (interference === 'cut') this.hooks.cut();
      if (interference === 'fail') this.#write(statusPacket(id, STATUS.FAILURE, 'failure'));
      // `hang`: nothing is ever said on this request.
    } catch (error) {
      this.#write(statusPacket(id, this.#codeOf(error), 'refused'));
    }
  }

  #codeOf(error: unknown): StatusCode {
    if (error instanceof StatusError) return error.code;
    if (error instanceof PathError) {
      this.hooks.traversal();
      return STATUS.PERMISSION_DENIED;
    }
    if (error instanceof RangeError) return STATUS.BAD_MESSAGE;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return STATUS.NO_SUCH_FILE;
    return code === 'EACCES' || code === 'EPERM' ? STATUS.PERMISSION_DENIED : STATUS.FAILURE;
  }

  #ok(id: number): 'none' {
    this.#write(statusPacket(id, STATUS.OK, 'ok'));
    return 'none';
  }

  async #request(type: number, id: number, reader: PacketReader): Promise<Interference> {
    switch (type) {
      case REQUEST.OPEN:
        return this.#open(id, reader.text(), reader.uint32());
      case REQUEST.CLOSE:
        return this.#close(id, reader.string().readUInt32BE(0));
      case REQUEST.READ:
        return this.#read(id, this.#file(reader), reader.uint64(), reader.uint32());
      case REQUEST.WRITE:
        return this.#writeFile(id, this.#file(reader), reader.uint64(), reader.string());
      case REQUEST.FSTAT:
        this.#write(attributesPacket(id, await this.#file(reader).file.stat()));
        return 'none';
      case REQUEST.STAT:
      case REQUEST.LSTAT:
        this.#write(attributesPacket(id, await lstat(diskPath(this.root, reader.text()))));
        return 'none';
      case REQUEST.SETSTAT:
      case REQUEST.FSETSTAT:
        // Modes and times are the provider's own affair; OpenSSH would answer OK as well.
        return this.#ok(id);
      case REQUEST.OPENDIR:
        return this.#openFolder(id, reader.text());
      case REQUEST.READDIR:
        return this.#readFolder(id, reader.string().readUInt32BE(0));
      case REQUEST.REMOVE:
        await this.#removeFile(reader.text());
        return this.#ok(id);
      case REQUEST.MKDIR:
        await mkdir(diskPath(this.root, reader.text()), { mode: 0o750 });
        return this.#ok(id);
      case REQUEST.RMDIR:
        await rmdir(diskPath(this.root, reader.text()));
        return this.#ok(id);
      case REQUEST.REALPATH:
        this.#write(namesPacket(id, [{ name: clientPath(reader.text()) }]));
        return 'none';
      case REQUEST.RENAME:
        return this.#rename(id, reader.text(), reader.text(), 'refuseExisting');
      case REQUEST.EXTENDED:
        return this.#extended(id, reader);
      default:
        throw new StatusError(STATUS.UNSUPPORTED);
    }
  }

  #file(reader: PacketReader): OpenFile {
    const found = this.#files.get(reader.string().readUInt32BE(0));
    if (found === undefined || !('file' in found)) throw new StatusError(STATUS.FAILURE);
    return found;
  }

  async #open(id: number, given: string, flags: number): Promise<Interference> {
    const path = diskPath(this.root, given);
    const writes = (flags & OPEN_FLAG.WRITE) !== 0;
    const interference = writes ? await this.hooks.beforeWrite(clientPath(given)) : 'none';
    if (interference !== 'none') return interference;
    if (this.#files.size >= MAX_HANDLES) throw new StatusError(STATUS.FAILURE);
    const file = await open(path, modeOf(flags), 0o640);
    this.#write(handlePacket(id, this.#keep({ file, path: clientPath(given), written: writes })));
    return 'none';
  }

  #keep(one: OpenFile | OpenFolder): number {
    const handle = this.#nextHandle++;
    this.#files.set(handle, one);
    return handle;
  }

  async #close(id: number, handle: number): Promise<'none'> {
    const found = this.#files.get(handle);
    if (found === undefined) throw new StatusError(STATUS.FAILURE);
    this.#files.delete(handle);
    if ('file' in found) {
      await found.file.close();
      if (found.written) this.hooks.afterWrite(found.path);
    }
    return this.#ok(id);
  }

  async #read(id: number, { file }: OpenFile, offset: number, length: number): Promise<'none'> {
    const buffer = Buffer.allocUnsafe(Math.min(length, MAX_READ));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) throw new StatusError(STATUS.EOF);
    this.#write(dataPacket(id, buffer.subarray(0, bytesRead)));
    return 'none';
  }

  async #writeFile(id: number, { file }: OpenFile, offset: number, data: Buffer): Promise<'none'> {
    let done = 0;
    while (done < data.length) done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
    return this.#ok(id);
  }

  async #openFolder(id: number, given: string): Promise<'none'> {
    const path = diskPath(this.root, given);
    const names: Named[] = [];
    for (const name of await readdir(path)) {
      const stats = await lstat(join(path, name)).catch(() => undefined);
      if (stats !== undefined) names.push({ name, stats });
    }
    this.#write(handlePacket(id, this.#keep({ names })));
    return 'none';
  }

  async #readFolder(id: number, handle: number): Promise<'none'> {
    const found = this.#files.get(handle);
    if (found === undefined || !('names' in found)) throw new StatusError(STATUS.FAILURE);
    if (found.names.length === 0) throw new StatusError(STATUS.EOF);
    this.#write(namesPacket(id, found.names.splice(0, NAMES_AT_ONCE)));
    return 'none';
  }

  async #removeFile(given: string): Promise<void> {
    const path = diskPath(this.root, given);
    if ((await lstat(path)).isDirectory()) throw new StatusError(STATUS.FAILURE);
    await rm(path);
  }

  /** Plain RENAME never replaces a file, as in OpenSSH; posix-rename does. */
  async #rename(id: number, from: string, to: string, existing: 'refuseExisting' | 'replace'): Promise<Interference> {
    const [source, destination] = [diskPath(this.root, from), diskPath(this.root, to)];
    if (existing === 'refuseExisting' && (await stat(destination).catch(() => undefined)) !== undefined)
      throw new StatusError(STATUS.FAILURE);
    await rename(source, destination);
    const interference = await this.hooks.afterRename(clientPath(from), clientPath(to));
    return interference === 'none' ? this.#ok(id) : interference;
  }

  async #extended(id: number, reader: PacketReader): Promise<Interference> {
    const name = reader.text();
    if (name === 'posix-rename@openssh.com') return this.#rename(id, reader.text(), reader.text(), 'replace');
    if (name !== 'fsync@openssh.com') throw new StatusError(STATUS.UNSUPPORTED);
    await this.#file(reader).file.sync();
    return this.#ok(id);
  }
}

/** `open`'s flags; append is not offered, since every write here carries its offset. */
function modeOf(flags: number): string {
  const { READ, WRITE, CREAT, TRUNC, EXCL } = OPEN_FLAG;
  if ((flags & WRITE) === 0) return 'r';
  if (flags & CREAT && flags & EXCL) return flags & READ ? 'wx+' : 'wx';
  if (flags & CREAT && flags & TRUNC) return flags & READ ? 'w+' : 'w';
  return 'r+';
}
