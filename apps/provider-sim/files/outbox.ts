// Looks at outbound/: takes a file when its manifest is there and agrees, and answers with receipt and result files.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../book/book.js';
import { takeListFile } from '../destinations/file.js';
import { type Piece, piecesOf } from '../pieces.js';
import type { KnownBatch, KnownPart } from '../known.js';
import type { Provider } from '../provider.js';
import { type IncomingPart, RefusedError } from '../words.js';
import { writeList } from '../snapshot/file.js';
import { FileForm } from './form.js';
import { answerName, type FileName, parseName } from './names.js';
import { parseFile } from './parse-file.js';
import { outcomesText, receiptText, refusalText, writeWithManifest } from './write-answer.js';

const MANIFEST = '.manifest.json';

interface Manifest {
  name: string;
  size: number;
  sha256: string;
  batch: number;
  part: number;
  parts: number;
}

export class Outbox {
  readonly outbound: string;
  readonly inbound: string;
  taken = 0;
  answers = 0;
  /** Files whose manifest is here and does not agree with them yet. */
  readonly #waiting = new Set<string>();
  readonly #names = new Map<string, FileName>();
  /** One file after another, in the order they were finished. */
  #work: Promise<void> = Promise.resolve();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** SHA-256 of the first file that came under a number and part, as it travelled: a resend is the very same file. */
  readonly #travelled = new Map<string, string>();

  constructor(
    private readonly provider: Provider,
    root: string,
    private readonly told: (batch: number, part: number) => void,
    private readonly form = new FileForm(),
  ) {
    this.outbound = join(root, 'outbound');
    this.inbound = join(root, 'inbound');
    for (const folder of [this.outbound, this.inbound]) mkdirSync(folder, { recursive: true, mode: 0o750 });
    provider.onOutcomes((batch, part) => this.#tell(batch, part));
  }

  /** To be called when a file in outbound/ has got its final name. */
  finished(name: string): void {
    const data = name.endsWith(MANIFEST) ? name.slice(0, -MANIFEST.length) : name;
    // The manifest comes last; a data file alone is looked at only when its manifest was there before it.
    if (data === name && !this.#waiting.delete(name)) return;
    this.#work = this.#work
      .then(() => this.#look(data))
      .catch((error: unknown) => {
        this.provider.observer.violation('malformedBatch', {
          detail: error instanceof Error ? error.message : String(error),
        });
      });
  }

  /** Files that came while the simulator was away. */
  scan(): void {
    for (const name of readdirSync(this.outbound).toSorted()) {
      if (!name.endsWith(MANIFEST)) continue;
      const parsed = parseName(plain(name.slice(0, -MANIFEST.length)));
      const known = parsed === undefined ? undefined : this.provider.known.get(parsed.batch);
      if (parsed !== undefined && known !== undefined) this.#names.set(keyOf(parsed.batch, parsed.piece ?? 1), parsed);
      if (known === undefined) this.finished(name);
    }
    for (const batch of this.provider.known.values()) {
      for (const part of batch.known) if (!part.told) this.#tell(batch, part);
    }
  }

  /** Puts its whole list there, as it does every night. */
  writeList(): Promise<void> {
    this.#work = this.#work.then(() => writeList(this.provider, this.inbound, this.form, null));
    return this.#work;
  }

  /** Resolves when all files that were finished so far are dealt with. */
  idle(): Promise<void> {
    return this.#work;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #look(name: string): Promise<void> {
    const { provider } = this;
    const manifest = this.#manifest(name);
    if (manifest === undefined) return;
    const bytes = await readFile(join(this.outbound, name)).catch(() => undefined);
    if (bytes === undefined) return void this.#waiting.add(name);
    if (manifest.name !== name || manifest.size !== bytes.length || manifest.sha256 !== sha256(bytes)) {
      // The other half of a repeated upload may still be on its way, so this is only noted.
      this.#waiting.add(name);
      provider.observer.notice('manifestWaits', { detail: `${name}: size or hash differ from its manifest` });
      return;
    }
    const parsed = name.endsWith(this.form.suffix) ? parseName(plain(name)) : undefined;
    if (parsed === undefined || parsed.from !== 'ONDE' || parsed.to !== provider.code) {
      provider.observer.violation('malformedBatch', { detail: 'a file name that the contract does not know' });
      return;
    }
    if (parsed.kind === 'DST') return this.#takeList(parsed, plain(name), bytes);
    if (parsed.kind === 'SRQ') {
      await this.form.open(plain(name), bytes);
      return writeList(provider, this.inbound, this.form, parsed);
    }
    this.taken++;
    await this.#take(parsed, manifest, plain(name), bytes);
  }

  #manifest(name: string): Manifest | undefined {
    const file = join(this.outbound, name + MANIFEST);
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    try {
      return JSON.parse(text) as Manifest;
    } catch {
      this.provider.observer.violation('manifestDisagrees', { detail: `${name}: the manifest is not JSON` });
      return undefined;
    }
  }

  async #take(name: FileName, manifest: Manifest, plainName: string, closed: Buffer): Promise<void> {
    const { provider } = this;
    let part: IncomingPart | undefined;
    try {
      const bytes = await this.form.open(plainName, closed);
      part = parseFile(bytes, provider.code, name, this.form.charset);
      this.#compare(part, closed);
      if (manifest.batch !== part.batch || manifest.part !== part.part || manifest.parts !== part.parts) {
        provider.observer.violation('manifestDisagrees', {
          batch: part.batch,
          detail: 'batch, part or parts differ from the header',
        });
      }
      this.#names.set(keyOf(part.batch, part.part), name);
      const verdict = provider.receive(part, bytes);
      if (verdict.verdict === 'taken')
        return await this.#receipt(
          name,
          manifest,
          receiptText(name.kind, part.batch, 'ACCEPTED', part.lines.length, part.sha256),
          verdict.part,
        );
      if (!verdict.sameBytes) {
        return await this.#receipt(
          name,
          manifest,
          refusalText(name.kind, part.batch, 'E109', 'this number is known with other bytes'),
          verdict.part,
        );
      }
      await this.#receipt(
        name,
        manifest,
        receiptText(name.kind, part.batch, 'COPY', part.lines.length, part.sha256),
        verdict.part,
      );
      this.#tell(verdict.batch, verdict.part);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (part === undefined)
        provider.observer.violation('malformedBatch', { batch: name.batch, detail: error.refusal.code });
      await this.#receipt(name, manifest, refusalText(name.kind, name.batch, error.refusal.fileCode, error.message));
    }
  }

  /** A destination list has a numbering and a receipt (DAK) of its own. */
  async #takeList(name: FileName, plainName: string, closed: Buffer): Promise<void> {
    const bytes = await this.form.open(plainName, closed);
    const { receipt, afterMs } = takeListFile(this.provider, bytes, name.batch);
    const answer = answerName(name, 'DAK', this.provider.code);
    const write = (): Promise<void> => this.#write(answer, receipt, { batch: name.batch, part: 1, parts: 1 });
    if (afterMs > 0) this.#later(afterMs, write);
    else await write();
  }

  /** The same number is the same file, also from outside, where encryption would give other bytes each time. */
  #compare(part: IncomingPart, closed: Buffer): void {
    const key = `${keyOf(part.batch, part.part)} ${part.sha256}`;
    const hash = sha256(closed);
    const before = this.#travelled.get(key) ?? hash;
    this.#travelled.set(key, before);
    if (before === hash) return;
    const detail = 'the same content, closed to other bytes';
    this.provider.observer.violation('sameNumberOtherBytes', { batch: part.batch, part: part.part, detail });
  }

  async #receipt(name: FileName, manifest: Manifest, text: string, part?: KnownPart): Promise<void> {
    if (part?.silent) return;
    const { batch, part: number, parts } = manifest;
    await this.#write(answerName(name, 'ACK', this.provider.code, name.piece), text, { batch, part: number, parts });
  }

  async #write(name: string, text: string, about: { batch: number; part: number; parts: number }): Promise<void> {
    const bytes = await this.form.close(name, this.form.encode(text));
    writeWithManifest(this.inbound, name + this.form.suffix, bytes, about);
    this.answers++;
  }

  #tell(batch: KnownBatch, part: KnownPart): void {
    const { provider } = this;
    const name = this.#names.get(keyOf(batch.batch, part.part));
    if (part.silent || part.outcomes === undefined || name === undefined) return;
    const pieces = piecesOf(batch.batch, part.part, part.outcomes, provider);
    // Numbers of result files run on over the parts, with room for the copies that a dial adds.
    let number = (part.part - 1) * 10_000;
    let open = pieces.length;
    for (const piece of pieces) {
      number += piece.twist === 'repeat' ? 0 : 1;
      const k = Math.max(number, 1);
      this.#later(piece.delayMs, async () => {
        await this.#writePiece(name, piece, k);
        if (--open > 0) return;
        part.told = true;
        this.told(batch.batch, part.part);
      });
    }
  }

  #later(ms: number, run: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // After the receipt of the same file, which stands in the same row.
      this.#work = this.#work.then(run).catch((error: unknown) => {
        this.provider.observer.notice('answerNotWritten', {
          detail: error instanceof Error ? error.message : String(error),
        });
      });
    }, ms);
    this.#timers.add(timer);
  }

  async #writePiece(name: FileName, piece: Piece, k: number): Promise<void> {
    const { provider } = this;
    const text = outcomesText(provider.code, piece.batch, piece.outcomes, provider.now());
    const spoilt = piece.twist === 'badSignature' ? text.replace(/sha256=./, 'sha256=-') : text;
    const file = answerName({ ...name, batch: piece.batch }, 'RES', provider.code, k);
    await this.#write(file, spoilt, { batch: piece.batch, part: 1, parts: 1 });
  }
}

/** A file's name without what encryption adds. */
function plain(name: string): string {
  return name.endsWith('.pgp') ? name.slice(0, -'.pgp'.length) : name;
}

function keyOf(batch: number, part: number): string {
  return `${batch}/${part}`;
}
