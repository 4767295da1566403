// Acknowledgement by files: takes receipts and outcomes from inbound/, each once its manifest is there and agrees.
// What was taken is known by where it lies (inbound/archive/), not by memory or times; a file is moved there after it was
// taken, so a crash in between takes it a second time, which recording bears.
import { posix } from 'node:path';
import type { Collected, IncomingAnswer, ProviderProfile } from '#contracts';
import { faultPoint } from '#platform';
import { addressOf, manifestName, parseFileName, type FileName } from '../formats/file-names.js';
import { readOutcomesFile, readReceiptFile } from '../formats/hdt-answers.js';
import { LONGEST_MANIFEST_BYTES, readManifest, troubleWithFile, type Manifest } from '../formats/manifest.js';
import { AnswerNotUsable } from '../formats/reading.js';
import { manifestOf, writeWhole, type FileForm, type Folders } from '../exchange/folders.js';
import type { AdapterNotice } from '../options.js';
import type { SftpConnection } from '../transports/sftp.js';
import { SftpFailure, type SftpSession } from '../transports/sftp-session.js';
import { quoted } from '../wording.js';

type Tell = (kind: AdapterNotice['kind'], text: string) => void;
type Take = (answer: IncomingAnswer) => Promise<void>;

export class FileCollector {
  private prepared = false;
  private running: Promise<Collected> | null = null;
  /** Manifests that did not agree at the last look; only then a file is set aside, since an upload may be under way. */
  private doubtful = new Map<string, string>();
  /** Numbers that have a receipt, for the warning about gaps. What is older than the archive is not looked at. */
  private receipts = new Set<number>();
  private lowest = 1;
  /** Gaps that were told already. */
  private told = '';
  private problems: Collected['problems'] = [];

  /** @param mostBytes longest answer file that is read. */
  constructor(
    private readonly profile: ProviderProfile,
    private readonly connection: SftpConnection,
    private readonly folders: Folders,
    private readonly files: FileForm,
    private readonly mostBytes: number,
    private readonly tell: Tell,
    private readonly clock: () => Date,
  ) {}

  /** One look at inbound/. A second call while one runs gets the same. Throws `SftpFailure`, or what `take` throws. */
  collect(take: Take, signal: AbortSignal): Promise<Collected> {
    this.running ??= this.look(take, signal).finally(() => (this.running = null));
    return this.running;
  }

  private async look(take: Take, signal: AbortSignal): Promise<Collected> {
    const session = await this.connection.session(signal);
    await this.prepare(session);
    const counts = { taken: 0, setAside: 0 };
    const doubtful = new Map<string, string>();
    this.problems = [];
    const { mine, strange } = await this.waiting(session);
    for (const { file, problem } of strange) {
      await this.setAside(session, file, null, [problem], 'fileSetAside');
      counts.setAside++;
    }
    for (const name of mine) {
      if (signal.aborted) break;
      const verdict = await this.one(session, name, take, doubtful);
      if (verdict === 'taken') counts.taken++;
      else if (verdict === 'setAside') counts.setAside++;
    }
    this.doubtful = doubtful;
    const missing = this.missing();
    const reasons = (await session.list(this.folders.setAside)).filter(({ name }) => name.endsWith(REASON));
    return { ...counts, problems: this.problems, unresolved: reasons.length, missing };
  }

  private async prepare(session: SftpSession): Promise<void> {
    if (this.prepared) return;
    await session.folder(this.folders.archive);
    await session.folder(this.folders.setAside);
    for (const { name } of await session.list(this.folders.archive)) {
      const parsed = parseFileName(name.replace(/\.pgp$/, ''));
      if (parsed?.kind === 'ACK' && parsed.environment === this.profile.environment) this.receipts.add(parsed.number);
    }
    if (this.receipts.size > 0) this.lowest = Math.min(...this.receipts);
    this.prepared = true;
  }

  /**
   * Answers whose manifest is there, receipts before outcomes, in number order; and files that nobody can place. Files of
   * the other environment and of other kinds are somebody else's.
   */
  private async waiting(session: SftpSession): Promise<{ mine: FileAndName[]; strange: Strange[] }> {
    const mine: FileAndName[] = [];
    const strange: Strange[] = [];
    const { code, environment } = this.profile;
    for (const { name } of await session.list(this.folders.inbound)) {
      if (!name.endsWith('.manifest.json') || name.includes('/')) continue;
      const file = name.slice(0, -'.manifest.json'.length);
      const address = addressOf(file.replace(/\.pgp$/, ''));
      const parsed = parseFileName(file.replace(/\.pgp$/, ''));
      if (!address) {
        strange.push({ file, problem: `no name of the feed; write WAH_<KIND>_${code}_ONDE_<YYYYMMDD>_<SEQ6>.csv` });
      } else if (address.from !== code || address.to !== 'ONDE') {
        strange.push({ file, problem: `a file from another or to another; here come files from ${code} to ONDE` });
      } else if (parsed && (parsed.kind === 'ACK' || parsed.kind === 'RES') && parsed.environment === environment) {
        mine.push({ ...parsed, file });
      }
    }
    mine.sort((a, b) => a.number - b.number || a.kind.localeCompare(b.kind) || (a.k ?? 0) - (b.k ?? 0));
    return { mine, strange };
  }

  private async one(
    session: SftpSession,
    name: FileAndName,
    take: Take,
    doubtful: Map<string, string>,
  ): Promise<Verdict> {
    const { file } = name;
    const raw = await session
      .read(posix.join(this.folders.inbound, manifestName(file)), LONGEST_MANIFEST_BYTES)
      .catch(tooLarge);
    if (raw === null) return 'ignored';
    let manifest: Manifest;
    let answer: IncomingAnswer;
    try {
      if (raw === 'tooLarge') throw new AnswerNotUsable(['the manifest is too long to be one']);
      manifest = readManifest(raw, file);
      if (manifest.batch !== name.number)
        throw new AnswerNotUsable(["the manifest carries another number than the file's name"]);
      const bytes = await session.read(posix.join(this.folders.inbound, file), this.mostBytes);
      if (bytes === null) return await this.finishMove(session, file, manifest);
      const trouble = troubleWithFile(bytes, manifest);
      if (trouble) {
        // The provider may be in the middle of writing it anew: it is judged at the next look, if nothing changed till then.
        const look = `${manifest.sha256} ${trouble}`;
        if (this.doubtful.get(file) !== look) {
          doubtful.set(file, look);
          return 'ignored';
        }
        throw new AnswerNotUsable([trouble]);
      }
      answer = await this.translate(name, manifest, bytes);
    } catch (error) {
      if (!(error instanceof AnswerNotUsable) && !(error instanceof SftpFailure && error.trouble === 'tooLarge'))
        throw error;
      const problems = error instanceof AnswerNotUsable ? error.problems : [error.message];
      await this.setAside(session, file, name.number, problems, 'fileSetAside');
      return 'setAside';
    }
    const before = await this.before(session, name);
    if (name.kind === 'ACK') this.receipts.add(name.number);
    if (before === JSON.stringify(answer)) {
      await this.archive(session, file, manifest);
      return 'ignored';
    }
    if (before !== null && contradicts(name, before, answer)) {
      await this.setAside(
        session,
        file,
        name.number,
        ['a file of this name was taken before with other content; give new content a new name'],
        'fileConflict',
      );
      return 'setAside';
    }
    await faultPoint('files.answerRead');
    await take(answer);
    await faultPoint('files.answerTaken');
    await this.archive(session, file, manifest);
    // In good order now: what was wrong with it before is over.
    await session.remove(posix.join(this.folders.setAside, file + REASON));
    return 'taken';
  }

  private async translate(name: FileAndName, manifest: Manifest, sealed: Buffer): Promise<IncomingAnswer> {
    const { suffix } = this.files.sealing;
    const plainName = name.file.replace(/\.pgp$/, '');
    if (name.file !== plainName + suffix) {
      throw new AnswerNotUsable([
        suffix
          ? 'the file is not signed and encrypted; close it by PGP and name it .csv.pgp'
          : 'PGP is not agreed; send the file as it is',
      ]);
    }
    const bytes = await this.files.sealing.open(plainName, sealed, this.mostBytes);
    const expected = {
      provider: this.profile.code,
      number: name.number,
      charset: this.files.charset,
      day: name.day,
      now: this.clock(),
    };
    const base = { provider: this.profile.code, number: name.number };
    if (name.kind === 'RES') return { ...base, receipt: null, outcomes: readOutcomesFile(bytes, expected) };
    const receipt = readReceiptFile(bytes, expected);
    if (receipt.word === 'rejected') {
      const { code, detail, because } = receipt;
      return { ...base, receipt: 'refused', code, detail, ...(because ? { because } : {}), outcomes: null };
    }
    // Of several parts only the last one's receipt is the receipt of the batch.
    return {
      ...base,
      receipt: manifest.part === manifest.parts ? 'accepted' : null,
      outcomes: null,
      sha256: receipt.sha256,
    };
  }

  /** What a file of this name said when it was taken, null when none was. Times in it do not count. */
  private async before(session: SftpSession, name: FileAndName): Promise<string | null> {
    const manifest = await manifestOf(session, this.folders.archive, name.file);
    if (!manifest) return null;
    const bytes = await session.read(posix.join(this.folders.archive, name.file), this.mostBytes);
    if (bytes === null || troubleWithFile(bytes, manifest)) return null;
    try {
      return JSON.stringify(await this.translate(name, manifest, bytes));
    } catch (error) {
      if (error instanceof AnswerNotUsable) return null;
      throw error;
    }
  }

  /** File first, manifest after: an interruption leaves a manifest without file, which the next look finishes. */
  private async archive(session: SftpSession, file: string, manifest: Manifest): Promise<void> {
    await this.move(session, file, this.folders.archive);
    await faultPoint('files.answerMoved');
    const moved = await session.read(posix.join(this.folders.archive, file), this.mostBytes);
    if (moved !== null && troubleWithFile(moved, manifest) === null) {
      return this.move(session, manifestName(file), this.folders.archive);
    }
    // The provider put other content there in the meantime: back with it, so that it is read.
    await session.rename(posix.join(this.folders.archive, file), posix.join(this.folders.inbound, file));
  }

  private async finishMove(session: SftpSession, file: string, manifest: Manifest): Promise<Verdict> {
    const size = await session.size(posix.join(this.folders.archive, file));
    if (size === manifest.size) await this.move(session, manifestName(file), this.folders.archive);
    return 'ignored';
  }

  private async setAside(
    session: SftpSession,
    file: string,
    number: number | null,
    problems: string[],
    kind: AdapterNotice['kind'],
  ): Promise<void> {
    const reason = `${problems.join('\n')}\nNothing of this file was applied. Correct it and send it again.\n`;
    await writeWhole(session, posix.join(this.folders.setAside, file + REASON), Buffer.from(reason));
    await this.move(session, manifestName(file), this.folders.setAside);
    await this.move(session, file, this.folders.setAside);
    // A name that is none of ours may be anything, a phone number too.
    const shown = number === null ? quoted(file) : file;
    this.problems.push({ file: shown, number, reason: quoted(problems.join('; ')) });
    this.tell(kind, `${shown}: ${quoted(problems.join('; '))}`);
  }

  /** Another process, or the provider, may have been faster: then there is nothing left to move. */
  private async move(session: SftpSession, name: string, folder: string): Promise<void> {
    try {
      await session.rename(posix.join(this.folders.inbound, name), posix.join(folder, name));
    } catch (error) {
      if (!(error instanceof SftpFailure && error.trouble === 'absent')) throw error;
    }
  }

  /** Numbers below the highest receipt that have none. A receipt that comes late closes its gap. */
  private missing(): Collected['missing'] {
    const missing: Collected['missing'] = [];
    let expected = this.lowest;
    for (const number of [...this.receipts].sort((a, b) => a - b)) {
      if (number > expected) missing.push({ from: expected, to: number - 1 });
      expected = number + 1;
    }
    const now = JSON.stringify(missing);
    const last = missing.at(-1);
    if (last && now !== this.told)
      this.tell('fileGap', `receipts ${last.from} to ${last.to} are missing before ${last.to + 1}`);
    this.told = now;
    return missing;
  }
}

/** What is written beside a file that was set aside. */
const REASON = '.reason.txt';

interface Strange {
  file: string;
  problem: string;
}

type FileAndName = FileName & { file: string };
type Verdict = 'taken' | 'setAside' | 'ignored';

/** A receipt may be given again as COPY; another word or hash, or other outcomes under one name, contradict. */
function contradicts(name: FileName, before: string, answer: IncomingAnswer): boolean {
  if (name.kind === 'RES') return true;
  const was = JSON.parse(before) as IncomingAnswer;
  return was.receipt !== answer.receipt || was.sha256 !== answer.sha256;
}

function tooLarge(error: unknown): 'tooLarge' {
  if (error instanceof SftpFailure && error.trouble === 'tooLarge') return 'tooLarge';
  throw error;
}
