// A provider's whole list as a file in inbound/: asked for by a file in outbound/, read as a stream, then put away.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  KeyNotUsable,
  type ProviderProfile,
  type SftpTransport,
  type SnapshotForm,
  type SnapshotObserver,
  type SnapshotRead,
  type SnapshotReader,
  type SnapshotRefusal,
} from '#contracts';
import { writeWhole, type FileForm, type Folders } from '../exchange/folders.js';
import { manifestName } from '../formats/file-names.js';
import { LONGEST_MANIFEST_BYTES, readManifest, renderManifest, type Manifest } from '../formats/manifest.js';
import { AnswerNotUsable } from '../formats/reading.js';
import type { SftpConnection } from '../transports/sftp.js';
import { SftpFailure, type SftpSession } from '../transports/sftp-session.js';
import { quoted } from '../wording.js';
import { SnapshotNotUsable } from './line-checks.js';
import { readSnapshotStream } from './read-stream.js';
import { parseSnapshotName, requestFile, type SnapshotFileName } from './snapshot-files.js';
import { hdtSnapshot } from './snapshot-text.js';

/** Waited for when the profile does not say: a nightly system needs its minutes. */
const WAIT_S = 300;
const REASON = '.reason.txt';

type Found = SnapshotFileName & { file: string };

export class FileSnapshot implements SnapshotObserver {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly form: SnapshotForm,
    private readonly connection: SftpConnection,
    private readonly folders: Folders,
    private readonly files: FileForm,
    private readonly clock: () => Date,
  ) {}

  async read(request: string, reader: SnapshotReader, signal: AbortSignal): Promise<SnapshotRead> {
    const counts = { bytes: 0, roundTrips: 0, refusals: [] as SnapshotRefusal[] };
    try {
      return await this.look(request, reader, counts, signal);
    } catch (error) {
      if (error instanceof SftpFailure || error instanceof KeyNotUsable)
        return { read: 'failed', detail: error.message, ...counts };
      if (signal.aborted) return { read: 'failed', detail: 'stopped by the hub itself', ...counts };
      throw error;
    }
  }

  private async look(
    request: string,
    reader: SnapshotReader,
    counts: Pick<SnapshotRead, 'bytes' | 'roundTrips' | 'refusals'>,
    signal: AbortSignal,
  ): Promise<SnapshotRead> {
    const { pollMs } = this.profile.transport as SftpTransport;
    const end = Date.now() + (this.form.waitS ?? WAIT_S) * 1000;
    let asked = false;
    for (;;) {
      const session = await this.connection.session(signal);
      await session.folder(this.folders.archive);
      await session.folder(this.folders.setAside);
      for (const found of await this.waiting(session)) {
        counts.roundTrips += 1;
        const verdict = await this.one(session, found, reader, counts);
        if (verdict !== null) return { ...verdict, ...counts };
      }
      if (!this.form.onRequest && counts.refusals.length > 0)
        return { read: 'refused', detail: wordsOf(counts.refusals), ...counts };
      if (!this.form.onRequest) {
        const detail = 'no list of it lies in inbound/, and it takes no requests; it comes by itself';
        return { read: 'notThere', detail, ...counts };
      }
      if (!asked) await this.ask(session, Number(request));
      asked = true;
      if (Date.now() >= end) {
        if (counts.refusals.length > 0) return { read: 'refused', detail: wordsOf(counts.refusals), ...counts };
        const detail = `it was asked by a file for its list, and none came within ${this.form.waitS ?? WAIT_S} s`;
        return { read: 'notThere', detail, ...counts };
      }
      await pause(Math.min(pollMs, 1_000), undefined, { signal });
    }
  }

  /** Lists whose manifest is there, newest first: what is older says nothing more. */
  private async waiting(session: SftpSession): Promise<Found[]> {
    const found: Found[] = [];
    for (const { name } of await session.list(this.folders.inbound)) {
      if (!name.endsWith('.manifest.json')) continue;
      const file = name.slice(0, -'.manifest.json'.length);
      const parsed = parseSnapshotName(file.replace(/\.pgp$/, ''));
      if (parsed?.from === this.profile.code && parsed.to === 'ONDE' && parsed.environment === this.profile.environment)
        found.push({ ...parsed, file });
    }
    return found.sort((a, b) => b.number - a.number);
  }

  /** Null: it was set aside, and another may do. */
  private async one(
    session: SftpSession,
    found: Found,
    reader: SnapshotReader,
    counts: Pick<SnapshotRead, 'bytes' | 'roundTrips' | 'refusals'>,
  ): Promise<{ read: 'whole'; sha256: string; settle: (refused: string | null) => Promise<void> } | null> {
    const { file } = found;
    try {
      const manifest = await this.manifest(session, found);
      const { sha256, bytes } = await this.content(session, found, manifest, reader);
      counts.bytes += bytes;
      const settle = async (refused: string | null): Promise<void> => {
        if (refused === null) await this.putAway(session, file, this.folders.archive);
        else await this.setAside(session, file, refused);
      };
      return { read: 'whole', sha256, settle };
    } catch (error) {
      if (!(error instanceof SnapshotNotUsable) && !(error instanceof AnswerNotUsable)) throw error;
      const detail = quoted(error.message);
      await this.setAside(session, file, detail);
      counts.refusals.push({ file, detail });
      return null;
    }
  }

  private async manifest(session: SftpSession, { file, number }: Found): Promise<Manifest> {
    const path = posix.join(this.folders.inbound, manifestName(file));
    const raw = await session.read(path, LONGEST_MANIFEST_BYTES);
    if (raw === null) throw new SnapshotNotUsable('its manifest went away');
    const manifest = readManifest(raw, file);
    if (manifest.batch !== number)
      throw new SnapshotNotUsable("its manifest carries another number than the file's name: was it renamed?");
    return manifest;
  }

  private async content(
    session: SftpSession,
    found: Found,
    manifest: Manifest,
    reader: SnapshotReader,
  ): Promise<{ sha256: string; bytes: number }> {
    const plainName = found.file.replace(/\.pgp$/, '');
    const { suffix } = this.files.sealing;
    if (found.file !== plainName + suffix)
      throw new SnapshotNotUsable(
        suffix ? 'it is not signed and encrypted; close it by PGP' : 'PGP is not agreed; send it as it is',
      );
    const size = await session.size(posix.join(this.folders.inbound, found.file));
    if (size !== manifest.size)
      throw new SnapshotNotUsable(`it has ${size ?? 'no'} bytes, its manifest says ${manifest.size}: is it cut off?`);
    if (size > this.form.maxBytes)
      throw new SnapshotNotUsable(`it has ${size} bytes, and ${this.form.maxBytes} are the most that is read`);
    const hash = createHash('sha256');
    const raw = hashed(session.stream(posix.join(this.folders.inbound, found.file)), hash);
    const opened = await this.files.sealing.openStream(plainName, raw, this.form.maxBytes);
    const form = { text: hdtSnapshot(found.number), charset: this.files.charset, most: this.form.maxBytes };
    const read = await readSnapshotStream(opened.data, form, this.profile, reader);
    await opened.verified;
    // What follows the end of a sealed message is of the file all the same.
    while (!(await raw.next()).done);
    if (hash.digest('hex') !== manifest.sha256)
      throw new SnapshotNotUsable('its SHA-256 is not the one in its manifest');
    return read;
  }

  private async ask(session: SftpSession, number: number): Promise<void> {
    const { name: plainName, bytes } = requestFile(this.profile, number, this.clock());
    const closed = await this.files.sealing.seal(plainName, bytes);
    const name = plainName + this.files.sealing.suffix;
    const sha256 = createHash('sha256').update(closed).digest('hex');
    const manifest = renderManifest({ name, size: closed.length, sha256, batch: number, part: 1, parts: 1 });
    await writeWhole(session, posix.join(this.folders.outbound, name), closed);
    await writeWhole(session, posix.join(this.folders.outbound, manifestName(name)), manifest);
  }

  private async setAside(session: SftpSession, file: string, detail: string): Promise<void> {
    const reason = `${detail}\nNothing of this list was used: nothing was repaired and nothing removed. Write a new one.\n`;
    await writeWhole(session, posix.join(this.folders.setAside, file + REASON), Buffer.from(reason));
    await this.putAway(session, file, this.folders.setAside);
  }

  /** Manifest first: what is left behind by an interruption is no file to read. */
  private async putAway(session: SftpSession, file: string, folder: string): Promise<void> {
    for (const name of [manifestName(file), file]) {
      try {
        await session.rename(posix.join(this.folders.inbound, name), posix.join(folder, name));
      } catch (error) {
        if (!(error instanceof SftpFailure && error.trouble === 'absent')) throw error;
      }
    }
  }
}

async function* hashed(
  source: AsyncIterable<Buffer>,
  hash: { update: (chunk: Buffer) => unknown },
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

function wordsOf(refusals: readonly SnapshotRefusal[]): string {
  return refusals.map(({ file, detail }) => (file === null ? detail : `${file}: ${detail}`)).join('; ');
}
