// What one provider holds: ref → line, access, package, dates, seq, in columns of about 40 bytes a line.
import { createHash, hash } from 'node:crypto';
import { OTHER_FORM, packedNumber, packLine, unpackLine } from './line-codec.js';
import { RefIndex, type RefIndexState } from './ref-index.js';
import { type Terms, TermsTable } from './terms.js';
import type { UndoLog } from './undo.js';

const PRESENT = 1;
/** Was held and was removed; the seq is kept so that an older change can be told. */
const REMOVED = 2;

export interface HeldLine {
  ref: string;
  line: string;
  access: string;
  package: string;
  from: string;
  to: string | undefined;
  seq: number;
}

export interface BookState {
  index: RefIndexState;
  numbers: Float64Array;
  seqs: Float64Array;
  termIds: Uint32Array;
  forms: Uint8Array;
  states: Uint8Array;
  texts: Map<number, string>;
  terms: Terms[];
}

export class Book {
  /** Lines held now. */
  count = 0;
  readonly terms: TermsTable;
  #index = new RefIndex();
  #numbers = new Float64Array(1024);
  #seqs = new Float64Array(1024);
  #termIds = new Uint32Array(1024);
  #forms = new Uint8Array(1024);
  #states = new Uint8Array(1024);
  #texts = new Map<number, string>();

  /** Terms are numbered alike in all books that share a table, so that a staged book compares cheaply. */
  constructor(terms = new TermsTable()) {
    this.terms = terms;
  }

  /** Rows ever used, removed ones included. */
  get rows(): number {
    return this.#index.used;
  }

  /** Row of `ref`, or -1 when it was never heard of. */
  find(ref: string): number {
    return this.#index.find(ref);
  }

  isPresent(row: number): boolean {
    return row >= 0 && this.#states[row] === PRESENT;
  }

  /** Seq of the last change heard for this row, 0 when none. */
  seqOf(row: number): number {
    return row < 0 ? 0 : (this.#seqs[row] as number);
  }

  /** True when exactly this is held. */
  holds(row: number, line: string, termsId: number): boolean {
    if (!this.isPresent(row) || this.#termIds[row] !== termsId) return false;
    const form = packLine(line);
    if (this.#forms[row] !== form) return false;
    return form === OTHER_FORM ? this.#texts.get(row) === line : this.#numbers[row] === packedNumber;
  }

  put(ref: string, line: string, termsId: number, seq: number, undo?: UndoLog): void {
    const row = this.#index.ensure(ref);
    if (row >= this.#seqs.length) this.#grow();
    if (undo !== undefined) this.#remember(row, undo);
    if (this.#states[row] !== PRESENT) this.count++;
    const form = packLine(line);
    if (form === OTHER_FORM) this.#texts.set(row, line);
    else if (this.#forms[row] === OTHER_FORM) this.#texts.delete(row);
    this.#forms[row] = form;
    this.#numbers[row] = packedNumber;
    this.#termIds[row] = termsId;
    this.#seqs[row] = seq;
    this.#states[row] = PRESENT;
  }

  /** Takes the line off and keeps the seq; also for a ref never heard of. */
  remove(ref: string, seq: number, undo?: UndoLog): void {
    const row = this.#index.ensure(ref);
    if (row >= this.#seqs.length) this.#grow();
    if (undo !== undefined) this.#remember(row, undo);
    if (this.#states[row] === PRESENT) this.count--;
    this.#states[row] = REMOVED;
    this.#seqs[row] = seq;
  }

  /** The seq alone, for a change that changed nothing. */
  touch(row: number, seq: number, undo?: UndoLog): void {
    if (undo !== undefined) this.#remember(row, undo);
    this.#seqs[row] = seq;
  }

  #remember(row: number, undo: UndoLog): void {
    undo.push(
      row,
      this.#states[row] ?? 0,
      this.#seqs[row] ?? 0,
      this.#termIds[row] ?? 0,
      this.#forms[row] ?? 0,
      this.#numbers[row] ?? 0,
      this.#forms[row] === OTHER_FORM ? this.#texts.get(row) : undefined,
    );
  }

  /** Puts one row back as it was; used from the last change to the first. */
  restore(row: number, state: number, seq: number, termsId: number, form: number, value: number, text?: string): void {
    this.count += Number(state === PRESENT) - Number(this.#states[row] === PRESENT);
    this.#states[row] = state;
    this.#seqs[row] = seq;
    this.#termIds[row] = termsId;
    this.#forms[row] = form;
    this.#numbers[row] = value;
    if (text === undefined) this.#texts.delete(row);
    else this.#texts.set(row, text);
  }

  /** Takes a line over from another book with the same terms table, if it is held there. */
  copyFrom(other: Book, ref: string): void {
    const row = other.find(ref);
    if (other.isPresent(row)) this.put(ref, other.#lineOf(row), other.#termIds[row] ?? 0, other.#seqs[row] ?? 0);
  }

  get(ref: string): HeldLine | undefined {
    const row = this.find(ref);
    return this.isPresent(row) ? this.at(row) : undefined;
  }

  at(row: number): HeldLine {
    const terms = this.terms.list[this.#termIds[row] ?? 0];
    if (terms === undefined) throw new Error('a line without terms: the book is damaged');
    return { ref: this.#index.refOf(row), line: this.#lineOf(row), ...terms, seq: this.#seqs[row] ?? 0 };
  }

  /** Refs of all lines held, sorted as text. */
  sortedRefs(): string[] {
    const refs: string[] = [];
    for (let row = 0; row < this.rows; row++) if (this.#states[row] === PRESENT) refs.push(this.#index.refOf(row));
    return refs.toSorted();
  }

  /**
   * XOR over all lines held of SHA-256 of `ref|access|line|package|from|to` (`to` empty for no end, `|seq` added when
   * asked for), as 64 hex digits: the same for the same set in any order. Some 3 s for a million lines, in one go.
   */
  digest(withSeq: boolean): string {
    const lanes = new Uint32Array(8);
    for (let row = 0; row < this.rows; row++) {
      if (this.#states[row] !== PRESENT) continue;
      const held = this.at(row);
      const text = `${held.ref}|${held.access}|${held.line}|${held.package}|${held.from}|${held.to ?? ''}`;
      const sum = hash('sha256', withSeq ? `${text}|${held.seq}` : text, 'buffer');
      for (let lane = 0; lane < 8; lane++) lanes[lane] = (lanes[lane] ?? 0) ^ sum.readUInt32BE(lane * 4);
    }
    return [...lanes].map((lane) => lane.toString(16).padStart(8, '0')).join('');
  }

  #lineOf(row: number): string {
    const form = this.#forms[row] ?? 0;
    return form === OTHER_FORM ? (this.#texts.get(row) ?? '') : unpackLine(form, this.#numbers[row] ?? 0);
  }

  #grow(): void {
    const size = this.#seqs.length * 2;
    this.#numbers = wider(new Float64Array(size), this.#numbers);
    this.#seqs = wider(new Float64Array(size), this.#seqs);
    this.#termIds = wider(new Uint32Array(size), this.#termIds);
    this.#forms = wider(new Uint8Array(size), this.#forms);
    this.#states = wider(new Uint8Array(size), this.#states);
  }

  save(): BookState {
    const n = this.rows;
    return {
      index: this.#index.save(),
      numbers: this.#numbers.slice(0, n),
      seqs: this.#seqs.slice(0, n),
      termIds: this.#termIds.slice(0, n),
      forms: this.#forms.slice(0, n),
      states: this.#states.slice(0, n),
      texts: this.#texts,
      terms: this.terms.list,
    };
  }

  static load(state: BookState): Book {
    const book = new Book(new TermsTable(state.terms));
    book.#index = RefIndex.load(state.index);
    while (book.#seqs.length < state.seqs.length) book.#grow();
    book.#numbers.set(state.numbers);
    book.#seqs.set(state.seqs);
    book.#termIds.set(state.termIds);
    book.#forms.set(state.forms);
    book.#states.set(state.states);
    book.#texts = state.texts;
    book.count = state.states.reduce((sum, one) => sum + Number(one === PRESENT), 0);
    return book;
  }
}

/** `to` with `from` at its beginning. */
function wider<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}

/** Lower-case hex SHA-256. */
export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
