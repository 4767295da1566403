// One open SFTP session as promises: every call ends, by its answer, its time limit, or the end of the connection.
import type { Client, FileEntryWithStats, SFTPWrapper } from 'ssh2';

/** Bytes per request: the size that every server takes (RFC draft: 34,000 for a whole packet at least). */
const CHUNK = 32 * 1024;
/** Requests under way at once for one file; enough to fill a line of 50 ms at 40 Mbit/s, bearable for small servers. */
const WINDOW = 8;

/** Status codes of SFTP version 3 that are told apart. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/**
 * Which side failed, and how. `unreachable`: never connected. `hostKey`, `login`: a person is needed. `lost`: the
 * connection ended or a call took too long. `denied`, `failed`: the server answered no.
 */
export type SftpTrouble = 'unreachable' | 'hostKey' | 'login' | 'lost' | 'absent' | 'denied' | 'failed' | 'tooLarge';

export class SftpFailure extends Error {
  constructor(
    readonly trouble: SftpTrouble,
    message: string,
  ) {
    super(message);
    this.name = 'SftpFailure';
  }
}

export interface RemoteFile {
  name: string;
  size: number;
}

type Done<T> = (error: Error | null | undefined, value?: T) => void;

export class SftpSession {
  private ended: SftpFailure | null = null;
  private readonly waiting = new Set<(failure: SftpFailure) => void>();

  constructor(
    private readonly client: Client,
    private readonly sftp: SFTPWrapper,
    private readonly timeoutMs: number,
  ) {
    const end = (): void => this.end(new SftpFailure('lost', 'the connection ended'));
    client.on('close', end).on('error', end);
    sftp.on('close', end).on('error', end);
  }

  get open(): boolean {
    return this.ended === null;
  }

  private end(failure: SftpFailure): void {
    if (this.ended) return;
    this.ended = failure;
    for (const tell of [...this.waiting]) tell(failure);
    this.client.destroy();
  }

  close(): void {
    this.end(new SftpFailure('lost', 'closed by the hub'));
  }

  /** One call with its limit. A call without answer makes the whole connection untrustworthy, so it is ended. */
  private call<T>(what: string, start: (done: Done<T>) => unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      const tell = (failure: SftpFailure): void => finish(() => reject(failure));
      const timer = setTimeout(
        () => this.end(new SftpFailure('lost', `${what}: no answer within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      );
      const finish = (settle: () => void): void => {
        if (!this.waiting.delete(tell)) return;
        clearTimeout(timer);
        settle();
      };
      this.waiting.add(tell);
      try {
        start((error, value) => finish(() => (error ? reject(failureOf(error, what)) : resolve(value as T))));
      } catch (error) {
        finish(() => reject(failureOf(error as Error, what)));
      }
    });
  }

  async list(folder: string): Promise<RemoteFile[]> {
    const entries = await this.call<FileEntryWithStats[]>('list a folder', (done) => this.sftp.readdir(folder, done));
    return entries
      .filter((one) => !one.attrs.isDirectory())
      .map((one) => ({ name: one.filename, size: one.attrs.size }));
  }

  /** Size in bytes, null when there is no such file. */
  async size(path: string): Promise<number | null> {
    try {
      return (await this.call<{ size: number }>('look at a file', (done) => this.sftp.stat(path, done))).size;
    } catch (error) {
      if (error instanceof SftpFailure && error.trouble === 'absent') return null;
      throw error;
    }
  }

  /** The whole file, null when there is none. Throws `tooLarge` before reading more than `most` bytes. */
  async read(path: string, most: number): Promise<Buffer | null> {
    let handle: Buffer;
    try {
      handle = await this.call<Buffer>('open a file', (done) => this.sftp.open(path, 'r', done));
    } catch (error) {
      if (error instanceof SftpFailure && error.trouble === 'absent') return null;
      throw error;
    }
    try {
      const { size } = await this.call<{ size: number }>('look at a file', (done) => this.sftp.fstat(handle, done));
      if (size > most) throw new SftpFailure('tooLarge', `the file has ${size} bytes, at most ${most} are read`);
      const bytes = Buffer.alloc(size);
      await this.inPieces(size, async (offset, length) => {
        let got = 0;
        while (got < length) {
          const at = offset + got;
          const count = await this.call<number>('read a file', (done) =>
            this.sftp.read(handle, bytes, at, length - got, at, (error, read) => done(error, read)),
          );
          if (count === 0) throw new SftpFailure('failed', 'the file became shorter while it was read');
          got += count;
        }
      });
      return bytes;
    } finally {
      await this.closeHandle(handle);
    }
  }

  /** A file from its beginning to its end, a few pieces ahead of the reader. Throws `SftpFailure`. */
  async *stream(path: string): AsyncGenerator<Buffer> {
    const handle = await this.call<Buffer>('open a file', (done) => this.sftp.open(path, 'r', done));
    const ahead: Promise<Buffer>[] = [];
    try {
      const { size } = await this.call<{ size: number }>('look at a file', (done) => this.sftp.fstat(handle, done));
      let next = 0;
      for (;;) {
        while (next < size && ahead.length < WINDOW) {
          const piece = this.piece(handle, next, Math.min(CHUNK, size - next));
          // Its failure is thrown when it is its turn.
          piece.catch(() => undefined);
          ahead.push(piece);
          next += CHUNK;
        }
        const piece = ahead.shift();
        if (!piece) return;
        yield await piece;
      }
    } finally {
      await Promise.allSettled(ahead);
      await this.closeHandle(handle);
    }
  }

  private async piece(handle: Buffer, offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    for (let got = 0; got < length;) {
      const count = await this.call<number>('read a file', (done) =>
        this.sftp.read(handle, bytes, got, length - got, offset + got, (error, read) => done(error, read)),
      );
      if (count === 0) throw new SftpFailure('failed', 'the file became shorter while it was read');
      got += count;
    }
    return bytes;
  }

  /** Writes a file from its beginning, and asks the server to put it on disk where it offers that. */
  async write(path: string, bytes: Buffer): Promise<void> {
    const handle = await this.call<Buffer>('create a file', (done) => this.sftp.open(path, 'w', done));
    try {
      await this.inPieces(bytes.length, (offset, length) =>
        this.call<void>('write a file', (done) => this.sftp.write(handle, bytes, offset, length, offset, done)),
      );
      await this.ifOffered(() => this.call<void>('fsync', (done) => this.sftp.ext_openssh_fsync(handle, done)));
    } finally {
      await this.closeHandle(handle);
    }
  }

  /** Renames, over a file that is there: in one step where the server offers it, else by removing that first. */
  async rename(from: string, to: string): Promise<void> {
    const atOnce = await this.ifOffered(() =>
      this.call<void>('rename a file', (done) => this.sftp.ext_openssh_rename(from, to, done)),
    );
    if (atOnce === 'done') return;
    if ((await this.size(to)) !== null) await this.remove(to);
    await this.call<void>('rename a file', (done) => this.sftp.rename(from, to, done));
  }

  async remove(path: string): Promise<void> {
    try {
      await this.call<void>('remove a file', (done) => this.sftp.unlink(path, done));
    } catch (error) {
      if (!(error instanceof SftpFailure && error.trouble === 'absent')) throw error;
    }
  }

  /** Makes sure that a folder is there. */
  async folder(path: string): Promise<void> {
    try {
      await this.call('look at a folder', (done) => this.sftp.stat(path, done));
    } catch (error) {
      if (!(error instanceof SftpFailure && error.trouble === 'absent')) throw error;
      await this.call<void>('make a folder', (done) => this.sftp.mkdir(path, done));
    }
  }

  private async closeHandle(handle: Buffer): Promise<void> {
    if (this.ended) return;
    await this.call<void>('close a file', (done) => this.sftp.close(handle, done));
  }

  /** ssh2 throws at once for an extension that the server did not announce. */
  private async ifOffered(start: () => Promise<void>): Promise<'done' | 'notOffered'> {
    try {
      await start();
      return 'done';
    } catch (error) {
      if (error instanceof SftpFailure && /does not support this extended request/i.test(error.message))
        return 'notOffered';
      throw error;
    }
  }

  /** Runs `piece` over a length, a few at once; stops at the first failure. */
  private async inPieces(length: number, piece: (offset: number, length: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < length) {
        const offset = next;
        next += CHUNK;
        await piece(offset, Math.min(CHUNK, length - offset));
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, worker));
  }
}

function failureOf(error: Error, what: string): SftpFailure {
  if (error instanceof SftpFailure) return error;
  const code = (error as { code?: unknown }).code;
  const trouble =
    code === NO_SUCH_FILE
      ? 'absent'
      : code === PERMISSION_DENIED
        ? 'denied'
        : typeof code === 'number'
          ? 'failed'
          : 'lost';
  // Servers put paths into their texts; the code and what we were doing says enough.
  const said = typeof code === 'number' ? `the server answered ${code}` : error.message;
  return new SftpFailure(/extended request/i.test(error.message) ? 'failed' : trouble, `${what}: ${said}`);
}
