// Lists by SFTP: a DST file into outbound/, and the DAK receipt that the provider writes into inbound/.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import {
  KeyNotUsable,
  type DestinationDelivery,
  type DestinationsResult,
  type DestinationVersion,
  type ProviderProfile,
} from '#contracts';
import { manifestOf, writeWhole, type FileForm, type Folders } from '../exchange/folders.js';
import { manifestName } from '../formats/file-names.js';
import { renderManifest, troubleWithFile } from '../formats/manifest.js';
import { AnswerNotUsable } from '../formats/reading.js';
import type { SftpConnection } from '../transports/sftp.js';
import { SftpFailure, type SftpSession } from '../transports/sftp-session.js';
import { quoted } from '../wording.js';
import {
  destinationsFileName,
  destinationsReceiptName,
  readDestinationsReceipt,
  renderDestinationsFile,
  type DestinationsReceipt,
} from './render-file.js';
import type { DestinationSender } from './sender.js';

/** A receipt is one line; sealed, some hundred bytes more. */
const LONGEST_RECEIPT_BYTES = 16_384;

export class FileSender implements DestinationSender {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly connection: SftpConnection,
    private readonly folders: Folders,
    private readonly files: FileForm,
  ) {}

  async send(
    version: DestinationVersion,
    { number, told }: DestinationDelivery,
    signal: AbortSignal,
  ): Promise<DestinationsResult> {
    const bytes = renderDestinationsFile(this.profile, version, number);
    try {
      const session = await this.connection.session(signal);
      // Also before it is written: a process may have died between writing and noting it.
      const receipt = await this.receipt(session, version, number, sha256(bytes));
      if (receipt?.word === 'accepted')
        return { result: 'acknowledged', enforcedSince: receipt.enforcedSince, status: null };
      if (receipt?.word === 'refused') {
        await this.putAside(session, version, number);
        if (told) return { result: 'refused', detail: quoted(`${receipt.code} ${receipt.detail}`), status: null };
      }
      if (!told) await this.write(session, destinationsFileName(this.profile, version, number), number, bytes);
      return { result: 'told', status: null };
    } catch (error) {
      return judge(error);
    }
  }

  /** The same content may be written again under its number: the provider knows it by its hash. */
  private async write(session: SftpSession, plainName: string, number: number, bytes: Buffer): Promise<void> {
    const name = plainName + this.files.sealing.suffix;
    const closed = await this.files.sealing.seal(plainName, bytes);
    await writeWhole(session, posix.join(this.folders.outbound, name), closed);
    const manifest = renderManifest({
      name,
      size: closed.length,
      sha256: sha256(closed),
      batch: number,
      part: 1,
      parts: 1,
      ...(this.files.sealing.suffix === '' ? {} : { contentSha256: sha256(bytes) }),
    });
    await writeWhole(session, posix.join(this.folders.outbound, manifestName(name)), manifest);
  }

  private receiptName(version: DestinationVersion, number: number): string {
    return destinationsReceiptName(this.profile, version, number);
  }

  private async receipt(
    session: SftpSession,
    version: DestinationVersion,
    number: number,
    fileSha256: string,
  ): Promise<DestinationsReceipt | null> {
    const plainName = this.receiptName(version, number);
    const name = plainName + this.files.sealing.suffix;
    const manifest = await manifestOf(session, this.folders.inbound, name);
    if (!manifest) return null;
    const closed = await session.read(posix.join(this.folders.inbound, name), LONGEST_RECEIPT_BYTES);
    // It may be in the middle of being written anew.
    if (closed === null || troubleWithFile(closed, manifest) !== null) return null;
    return readDestinationsReceipt(
      await this.files.sealing.open(plainName, closed, LONGEST_RECEIPT_BYTES),
      number,
      fileSha256,
    );
  }

  /** A refusal is answered by sending again; what it said stays readable. */
  private async putAside(session: SftpSession, version: DestinationVersion, number: number): Promise<void> {
    const name = this.receiptName(version, number) + this.files.sealing.suffix;
    await session.folder(this.folders.setAside);
    for (const file of [manifestName(name), name])
      await session.rename(posix.join(this.folders.inbound, file), posix.join(this.folders.setAside, file));
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function judge(error: unknown): DestinationsResult {
  if (error instanceof KeyNotUsable) return { result: 'forbidden', detail: error.message, status: null };
  if (error instanceof AnswerNotUsable)
    return { result: 'unclear', detail: `its receipt cannot be used: ${quoted(error.message)}`, status: null };
  if (!(error instanceof SftpFailure)) throw error;
  const { trouble, message: detail } = error;
  if (trouble === 'unreachable' || trouble === 'lost') return { result: 'notSent', detail };
  if (trouble === 'failed' || trouble === 'tooLarge')
    return { result: 'later', retryAfterS: null, detail, status: null };
  return { result: 'forbidden', detail, status: null };
}
