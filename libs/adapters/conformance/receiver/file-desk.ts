// The hub's side of an SFTP server as the conformance tool plays it: writes files (also spoilt ones), reads the answers.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Outcomes, ProviderProfile, SftpTransport } from '#contracts';
import { foldersBelow, writeWhole, type Folders } from '../../exchange/folders.js';
import { batchFileName, manifestName, parseFileName } from '../../formats/file-names.js';
import { readOutcomesFile, readReceiptFile, type FileReceipt } from '../../formats/hdt-answers.js';
import { hdtIn, type Charset } from '../../formats/hdt.js';
import { LONGEST_MANIFEST_BYTES, readManifest, renderManifest, troubleWithFile } from '../../formats/manifest.js';
import { AnswerNotUsable } from '../../formats/reading.js';
import type { BatchFormat } from '../../formats/format.js';
import { newPgpKey, pgpSealing } from '../../sealing/pgp.js';
import { unsealed, type Sealing } from '../../sealing/sealing.js';
import { SftpConnection } from '../../transports/sftp.js';
import type { SftpSession } from '../../transports/sftp-session.js';
import { makeTargetGuard } from '../../transports/target-guard.js';
import type { TestBatch } from '../batches.js';
import type { TellFault } from './listener.js';

/** How often inbound/ is looked at, in milliseconds. */
const LOOK_MS = 150;
/** A file whose manifest does not agree may still be on its way; after so many looks it is not. */
const PATIENT_LOOKS = 10;

interface Answers {
  receipts: FileReceipt[];
  outcomes: Outcomes[];
}

export interface FileDeskOptions {
  profile: ProviderProfile & { transport: SftpTransport };
  secret: (name: string) => string | undefined;
  allowedNetworks: readonly string[];
  waitMs: number;
  tell: TellFault;
}

const calm = new AbortController().signal;

export class FileDesk {
  readonly format: BatchFormat;
  private readonly charset: Charset;
  private readonly connection: SftpConnection;
  private readonly folders: Folders;
  private readonly sealing: Sealing;
  /** Closes with a key that nobody knows, to whoever is meant; null: files are not closed. */
  private readonly stranger: Sealing | null;
  private readonly heard = new Map<number, Answers>();
  private readonly doubtful = new Map<string, number>();
  private readonly told = new Set<string>();
  private waitMs: number;

  constructor(private readonly options: FileDeskOptions) {
    const { profile, secret, allowedNetworks } = options;
    const { pgp, sshKey } = profile.secrets;
    this.waitMs = options.waitMs;
    this.charset = profile.transport.charset ?? 'utf-8';
    this.format = hdtIn(this.charset);
    this.folders = foldersBelow(profile.transport.root);
    this.connection = new SftpConnection(profile.transport, {
      guard: makeTargetGuard(allowedNetworks),
      privateKey: () => (sshKey === null ? undefined : secret(sshKey)),
    });
    const all = (names: readonly string[]): string[] => names.flatMap((name) => secret(name) ?? []);
    this.sealing = pgp ? pgpSealing({ ours: () => all(pgp.ours), theirs: () => all(pgp.theirs) }) : unsealed;
    let strange: Promise<string> | null = null;
    this.stranger = pgp
      ? {
          ...this.sealing,
          async seal(name, bytes) {
            const key = await (strange ??= newPgpKey('stranger'));
            return pgpSealing({ ours: () => [key], theirs: () => all(pgp.theirs) }).seal(name, bytes);
          },
        }
      : null;
  }

  /** Whether files are signed and encrypted. */
  get closes(): boolean {
    return this.stranger !== null;
  }

  /** Makes the folders of what was taken. Throws `SftpFailure`. */
  async open(): Promise<void> {
    await (await this.connection.session(calm)).folder(this.folders.archive);
  }

  /** Writes a part and its manifest; `bytes` instead of those that were sealed when it is to be spoilt, or signed by a stranger. */
  async write(
    made: TestBatch,
    part = 1,
    bytes = made.parts[part - 1]!.bytes,
    by: 'ours' | 'stranger' = 'ours',
  ): Promise<void> {
    const session = await this.connection.session(calm);
    const sealed = made.parts[part - 1]!;
    const plain = batchFileName(this.options.profile, made.batch, sealed);
    const name = plain + this.sealing.suffix;
    const sealing = by === 'stranger' && this.stranger ? this.stranger : this.sealing;
    const closed = await sealing.seal(plain, bytes);
    const manifest = renderManifest({
      name,
      size: closed.length,
      sha256: sha256(closed),
      batch: made.batch.number,
      part: sealed.part,
      parts: sealed.parts,
      ...(this.sealing.suffix === '' ? {} : { contentSha256: sha256(bytes) }),
    });
    await writeWhole(session, posix.join(this.folders.outbound, name), closed);
    // Not read back: a quick provider may have answered and taken both away by then.
    const path = posix.join(this.folders.outbound, manifestName(name));
    await session.write(`${path}.part`, manifest);
    await session.rename(`${path}.part`, path);
  }

  of(number: number): Answers {
    const had = this.heard.get(number) ?? { receipts: [], outcomes: [] };
    this.heard.set(number, had);
    return had;
  }

  /** Reads what comes until the condition holds; false when the time is over. */
  async until(condition: () => boolean): Promise<boolean> {
    const end = Date.now() + this.waitMs;
    for (;;) {
      await this.look();
      if (condition()) return true;
      if (Date.now() > end) {
        // Once a wait was in vain the others need not be as long: the fault is told.
        this.waitMs = Math.min(this.waitMs, 1_000);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  private async look(): Promise<void> {
    const session = await this.connection.session(calm);
    const { profile } = this.options;
    for (const { name } of await session.list(this.folders.inbound)) {
      if (!name.endsWith('.manifest.json')) continue;
      const file = name.slice(0, -'.manifest.json'.length);
      const parsed = parseFileName(file.replace(/\.pgp$/, ''));
      if (!parsed || parsed.environment !== profile.environment || parsed.from !== profile.code) continue;
      if (parsed.kind === 'ACK' || parsed.kind === 'RES') await this.take(session, file, parsed.number, parsed.kind);
    }
  }

  private async take(session: SftpSession, file: string, number: number, kind: 'ACK' | 'RES'): Promise<void> {
    try {
      const raw = await session.read(posix.join(this.folders.inbound, manifestName(file)), LONGEST_MANIFEST_BYTES);
      if (raw === null) return;
      const manifest = readManifest(raw, file);
      const most = 64 * 1024 + this.options.profile.maxLines * 256;
      const closed = await session.read(posix.join(this.folders.inbound, file), most);
      const trouble = closed === null ? 'its file is not there' : troubleWithFile(closed, manifest);
      if (trouble !== null || closed === null) {
        const looks = (this.doubtful.get(file) ?? 0) + 1;
        this.doubtful.set(file, looks);
        if (looks < PATIENT_LOOKS) return;
        throw new AnswerNotUsable([trouble ?? '']);
      }
      const plainName = file.replace(/\.pgp$/, '');
      if (file !== plainName + this.sealing.suffix)
        throw new AnswerNotUsable(['the end of its name is not the one agreed (.csv, or .csv.pgp with PGP)']);
      const bytes = await this.sealing.open(plainName, closed, most);
      const expected = { provider: this.options.profile.code, number, charset: this.charset };
      if (kind === 'ACK') this.of(number).receipts.push(readReceiptFile(bytes, expected));
      else this.of(number).outcomes.push(readOutcomesFile(bytes, expected));
    } catch (error) {
      if (!(error instanceof AnswerNotUsable)) throw error;
      if (!this.told.has(file)) this.options.tell('answerFileUnusable', `${kind}: ${error.message}`);
      this.told.add(file);
    }
    for (const name of [file, manifestName(file)])
      if ((await session.size(posix.join(this.folders.inbound, name))) !== null)
        await session.rename(posix.join(this.folders.inbound, name), posix.join(this.folders.archive, name));
  }

  /** The highest number in the names that lie there, 0 when there is none. */
  async highest(): Promise<number> {
    const session = await this.connection.session(calm);
    const names: string[] = [];
    for (const folder of [this.folders.outbound, this.folders.inbound, this.folders.archive])
      names.push(...(await session.list(folder)).map((one) => one.name));
    const numbers = names.map((name) => parseFileName(name.replace(/\.pgp$/, ''))?.number ?? 0);
    return Math.max(0, ...numbers);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
