// Keeps a provider's memory over restarts: a snapshot and an append-only journal of the bodies taken since.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { Book, type BookState, sha256 } from './book/book.js';
import type { RecordState } from './book/record.js';
import type { Dial } from './dial.js';
import type { KnownBatch } from './known.js';
import type { PartLog, Provider } from './provider.js';
import type { IncomingPart, Outcomes, OutcomeWord } from './words.js';

/** Reads a body that was taken before; throws when it cannot be read. */
export type BodyReader = (body: Buffer) => IncomingPart;

interface Snapshot {
  generation: number;
  book: BookState;
  floorSeq: number;
  appliedSeq: number;
  counts: Record<OutcomeWord, number>;
  known: Map<number, KnownBatch>;
  nextInOrder: number;
  putOff: Map<string, number>;
  record: RecordState;
}

type Header =
  | { what: 'part'; length: number; outcomes: Outcomes; silent: boolean; order: Dial['applyOrder'] }
  | { what: 'told'; batch: number; part: number };

/** A journal longer than this is folded into the snapshot at the next start. */
const FOLD_BYTES = 64 * 1024 * 1024;

export class Journal implements PartLog {
  #fd = -1;
  #generation = 0;
  #bytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly provider: Provider,
  ) {}

  /** Opens `folder`, brings `provider` to the state it was left in, and goes on writing there. */
  static open(folder: string, provider: Provider, read: BodyReader): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const journal = new Journal(folder, provider);
    journal.#loadSnapshot();
    journal.#replay(read);
    if (journal.#bytes > FOLD_BYTES) journal.fold();
    else journal.#fd = openSync(journal.#path(), 'a', 0o600);
    provider.log = journal;
    return journal;
  }

  #path(): string {
    return join(this.folder, `journal-${this.#generation}`);
  }

  taken(_part: IncomingPart, body: Buffer, outcomes: Outcomes, silent: boolean): void {
    const header: Header = {
      what: 'part',
      length: body.length,
      outcomes,
      silent,
      order: this.provider.dial.applyOrder,
    };
    this.#append(header, body);
  }

  /** All outcomes of this part were delivered, so they are not sent again after a restart. */
  told(batch: number, part: number): void {
    this.#append({ what: 'told', batch, part });
  }

  // Written before the answer goes out and left to the operating system: what was answered survives the process's death.
  #append(header: Header, body?: Buffer): void {
    if (this.#fd < 0) return;
    const head = Buffer.from(`${JSON.stringify(header)}\n`);
    this.#bytes += writevSync(this.#fd, body === undefined ? [head] : [head, body]);
  }

  /** Writes everything as a new snapshot and begins an empty journal. */
  fold(): void {
    const { provider } = this;
    for (const [number, batch] of provider.known) {
      // What was only parked or staged is not in the book; asked for it, the provider then says that it does not know it.
      if (batch.state === 'received') provider.known.delete(number);
    }
    const generation = this.#generation + 1;
    const snapshot: Snapshot = {
      generation,
      book: provider.applier.book.save(),
      floorSeq: provider.applier.floorSeq,
      appliedSeq: provider.applier.appliedSeq,
      counts: provider.applier.counts,
      known: provider.known,
      nextInOrder: provider.nextInOrder,
      putOff: provider.judge.putOff,
      record: provider.observer.state,
    };
    const bytes = serialize(snapshot);
    const file = join(this.folder, 'snapshot');
    writeFileSync(`${file}.part`, Buffer.concat([Buffer.from(sha256(bytes)), bytes]), { mode: 0o600 });
    renameSync(`${file}.part`, file);
    this.#close();
    rmSync(this.#path(), { force: true });
    this.#generation = generation;
    this.#bytes = 0;
    this.#fd = openSync(this.#path(), 'a', 0o600);
  }

  #loadSnapshot(): void {
    const file = join(this.folder, 'snapshot');
    if (!existsSync(file)) return;
    const all = readFileSync(file);
    const bytes = all.subarray(64);
    if (all.toString('latin1', 0, 64) !== sha256(bytes)) {
      throw new Error(`${file} is damaged; delete the folder ${this.folder} to let this simulated provider begin anew`);
    }
    const snapshot = deserialize(bytes) as Snapshot;
    const { provider } = this;
    this.#generation = snapshot.generation;
    provider.applier.book = Book.load(snapshot.book);
    provider.applier.floorSeq = snapshot.floorSeq;
    provider.applier.appliedSeq = snapshot.appliedSeq;
    provider.applier.counts = snapshot.counts;
    provider.known = snapshot.known;
    provider.nextInOrder = snapshot.nextInOrder;
    provider.judge.putOff = snapshot.putOff;
    provider.observer.state = snapshot.record;
  }

  #replay(read: BodyReader): void {
    if (!existsSync(this.#path())) return;
    const all = readFileSync(this.#path());
    let at = 0;
    while (at < all.length) {
      const end = all.indexOf(10, at);
      if (end < 0) break;
      const header = JSON.parse(all.toString('utf8', at, end)) as Header;
      at = end + 1;
      if (header.what === 'told') {
        const known = this.provider.known.get(header.batch)?.known.find((one) => one.part === header.part);
        if (known !== undefined) known.told = true;
        continue;
      }
      // A last record cut short by a killed process was never answered.
      if (at + header.length > all.length) break;
      const body = all.subarray(at, at + header.length);
      at += header.length;
      this.provider.replay(read(body), body, header.outcomes, header.silent, header.order);
    }
    this.#bytes = all.length;
  }

  #close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Folds and closes, for a clean stop. */
  close(): void {
    this.fold();
    this.#close();
  }
}
