// The feed contract over SFTP: files into outbound/, each followed by its manifest; asks by looking what lies there.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import {
  KeyNotUsable,
  type AskResult,
  type HandOverResult,
  type HighestAnswer,
  type ProviderProfile,
  type SealedBatch,
  type SealedPart,
} from '#contracts';
import { faultPoint } from '#platform';
import {
  batchFileName,
  dayInBangkok,
  formatFileName,
  manifestName,
  parseFileName,
  type FileName,
} from '../formats/file-names.js';
import { readReceiptFile } from '../formats/hdt-answers.js';
import { renderManifest } from '../formats/manifest.js';
import { AnswerNotUsable } from '../formats/reading.js';
import type { SftpConnection } from '../transports/sftp.js';
import { SftpFailure, type SftpSession } from '../transports/sftp-session.js';
import type { BatchExchange } from './exchange.js';
import { manifestOf, writeWhole, type FileForm, type Folders } from './folders.js';

/** A receipt is one line; sealed, some hundred bytes more. */
const LONGEST_RECEIPT_BYTES = 16_384;

type Unfinished = Exclude<HandOverResult, { result: 'accepted' | 'known' | 'refused' }>;

export class FileExchange implements BatchExchange {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly connection: SftpConnection,
    private readonly folders: Folders,
    private readonly files: FileForm,
  ) {}

  async handOver(batch: SealedBatch, parts: AsyncIterable<SealedPart>, signal: AbortSignal): Promise<HandOverResult> {
    // From the moment that the last manifest is on its way the provider may read; before that nobody may.
    let readable = false;
    let written = 0;
    let seen = 0;
    try {
      for await (const part of parts) {
        if (signal.aborted) return { result: 'notSent', detail: 'stopped by the hub itself' };
        seen++;
        const session = await this.connection.session(signal);
        const plainName = batchFileName(this.profile, batch, part);
        const name = plainName + this.files.sealing.suffix;
        const there = await this.published(session, name);
        if (there === part.sha256) continue;
        if (there !== null) return { result: 'known', sha256: there, outcomes: null, status: null };
        // Closed at sealing; only what was sealed before there were stored closed bytes is closed now.
        const bytes = part.enclosed ?? (await this.files.sealing.seal(plainName, part.bytes));
        await writeWhole(session, posix.join(this.folders.outbound, name), bytes);
        await faultPoint('files.dataThere');
        const sealed = this.files.sealing.suffix !== '';
        const manifest = renderManifest({
          name,
          size: bytes.length,
          sha256: sealed ? sha256(bytes) : part.sha256,
          batch: batch.number,
          part: part.part,
          parts: part.parts,
          ...(sealed ? { contentSha256: part.sha256 } : {}),
        });
        readable = part.part === part.parts;
        await writeWhole(session, posix.join(this.folders.outbound, manifestName(name)), manifest);
        written++;
      }
    } catch (error) {
      return judgeFailure(error, readable);
    }
    if (seen === 0) return { result: 'notSent', detail: 'the batch has no part' };
    if (written === 0) return { result: 'known', sha256: batch.sha256, outcomes: null, status: null };
    return { result: 'accepted', outcomes: null, status: null, receiptAwaited: true };
  }

  /** The hash of the content that a published file has by its manifest; null when it is not there whole, so that it is written anew. */
  private async published(session: SftpSession, name: string): Promise<string | null> {
    const manifest = await manifestOf(session, this.folders.outbound, name);
    if (!manifest) return null;
    const size = await session.size(posix.join(this.folders.outbound, name));
    return size === manifest.size ? (manifest.contentSha256 ?? manifest.sha256) : null;
  }

  async ask(batch: SealedBatch, signal: AbortSignal): Promise<AskResult> {
    try {
      const session = await this.connection.session(signal);
      const single = this.nameOf(batch, 1, 1);
      const whole = await this.published(session, single);
      if (whole !== null) return { answer: 'has', sha256: whole, outcomes: null };
      if (batch.kind === 'full' && (await this.allParts(session, batch)))
        return { answer: 'has', sha256: null, outcomes: null };
      // It may have taken the file away; then its receipt tells.
      return (await this.receipt(session, batch)) ?? { answer: 'hasNot' };
    } catch (error) {
      return { answer: 'cannotTell', detail: wordsOf(error) };
    }
  }

  private nameOf(batch: SealedBatch, part: number, parts: number): string {
    return batchFileName(this.profile, batch, { part, parts }) + this.files.sealing.suffix;
  }

  private async allParts(session: SftpSession, batch: SealedBatch): Promise<boolean> {
    const first = await manifestOf(session, this.folders.outbound, this.nameOf(batch, 1, 2));
    if (!first) return false;
    for (let part = 1; part <= first.parts; part++) {
      if ((await this.published(session, this.nameOf(batch, part, first.parts))) === null) return false;
    }
    return true;
  }

  private async receipt(session: SftpSession, batch: SealedBatch): Promise<AskResult | null> {
    const name = formatFileName({
      environment: this.profile.environment,
      kind: 'ACK',
      from: this.profile.code,
      to: 'ONDE',
      day: dayInBangkok(batch.sealedAt),
      number: batch.number,
      k: null,
    });
    for (const folder of [this.folders.inbound, this.folders.archive]) {
      const raw = await session.read(posix.join(folder, name + this.files.sealing.suffix), LONGEST_RECEIPT_BYTES);
      if (raw === null) continue;
      try {
        const bytes = await this.files.sealing.open(name, raw, LONGEST_RECEIPT_BYTES);
        const receipt = readReceiptFile(bytes, {
          provider: this.profile.code,
          number: batch.number,
          charset: this.files.charset,
        });
        return { answer: 'has', sha256: receipt.word === 'rejected' ? null : receipt.sha256, outcomes: null };
      } catch (error) {
        if (!(error instanceof AnswerNotUsable)) throw error;
        return { answer: 'cannotTell', detail: 'its receipt cannot be read' };
      }
    }
    return null;
  }

  /** From the files that lie in outbound/ and the answers in inbound/: both carry the number in their names. */
  async highestNumber(_above: number, signal: AbortSignal): Promise<HighestAnswer> {
    try {
      const session = await this.connection.session(signal);
      let highest = 0;
      const look = async (
        folder: string,
        ours: (name: FileName, all: Set<string>) => boolean,
        optional = false,
      ): Promise<void> => {
        const names = await session.list(folder).catch((error: unknown) => {
          if (optional && error instanceof SftpFailure && error.trouble === 'absent') return [];
          throw error;
        });
        const all = new Set(names.map((one) => one.name));
        for (const name of all) {
          const parsed = this.parse(name);
          if (parsed && parsed.environment === this.profile.environment && ours(parsed, all))
            highest = Math.max(highest, parsed.number);
        }
      };
      // A file without manifest was never published, so the provider does not have it.
      const sent = (name: FileName, all: Set<string>): boolean =>
        (name.kind === 'SUB' || name.kind === 'FUL') &&
        name.to === this.profile.code &&
        all.has(manifestName(formatFileName(name) + this.files.sealing.suffix));
      const answered = (name: FileName): boolean =>
        (name.kind === 'ACK' || name.kind === 'RES') && name.from === this.profile.code;
      await look(this.folders.outbound, sent);
      await look(this.folders.inbound, answered);
      await look(this.folders.archive, answered, true);
      return { said: 'number', number: highest, sha256: null, appliedSeq: null };
    } catch (error) {
      if (error instanceof SftpFailure) return judgeLook(error);
      throw error;
    }
  }

  private parse(name: string): FileName | null {
    const { suffix } = this.files.sealing;
    return name.endsWith(suffix) ? parseFileName(name.slice(0, name.length - suffix.length)) : null;
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function wordsOf(error: unknown): string {
  if (error instanceof SftpFailure || error instanceof KeyNotUsable) return error.message;
  throw error;
}

function judgeLook({ trouble, message }: SftpFailure): HighestAnswer {
  if (trouble === 'hostKey') return { said: 'forbidden', detail: message, about: 'hostKey' };
  return { said: trouble === 'login' ? 'forbidden' : 'notReached', detail: message };
}

function judgeFailure(error: unknown, readable: boolean): Unfinished {
  const detail = wordsOf(error);
  if (!(error instanceof SftpFailure)) return { result: 'forbidden', detail, status: null, about: 'keyNotUsable' };
  const { trouble } = error;
  if (readable) return { result: 'unclear', detail, status: null };
  switch (trouble) {
    case 'hostKey':
      return { result: 'forbidden', detail, status: null, about: 'hostKey' };
    case 'login':
      return { result: 'forbidden', detail, status: null };
    case 'denied':
      return { result: 'forbidden', detail: `${detail}; the account may not write into outbound/`, status: null };
    case 'absent':
      return { result: 'forbidden', detail: `${detail}; is the folder outbound/ below transport.root?`, status: null };
    case 'failed':
    case 'tooLarge':
      return { result: 'later', retryAfterS: null, detail, status: null };
    case 'unreachable':
    case 'lost':
      return { result: 'notSent', detail };
  }
}
