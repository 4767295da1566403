// Finds the row of a ref: open addressing over the 16 bytes of a UUID, a plain Map for any other text.

/** 0..15 for a lower-case hex digit, 255 otherwise, by character code. */
const HEX = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) HEX['0123456789abcdef'.charCodeAt(i)] = i;

/** Where the eight hex digits of each of the four words stand in a canonical UUID. */
const DIGITS = [
  0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
];
const DASH = 45;

const word = new Uint32Array(4);

/** Puts a canonical lower-case UUID into `word`; a ref is opaque, so any other text is left to the Map. */
function parseUuid(ref: string): boolean {
  if (ref.length !== 36) return false;
  if (
    ref.charCodeAt(8) !== DASH ||
    ref.charCodeAt(13) !== DASH ||
    ref.charCodeAt(18) !== DASH ||
    ref.charCodeAt(23) !== DASH
  ) {
    return false;
  }
  let bad = 0;
  for (let w = 0, d = 0; w < 4; w++) {
    let value = 0;
    for (let k = 0; k < 8; k++, d++) {
      // Beyond the table it is undefined, which `|` would read as 0: hence the explicit 255.
      const digit = HEX[ref.charCodeAt(DIGITS[d] ?? 0)] ?? 255;
      bad |= digit;
      value = (value << 4) | digit;
    }
    word[w] = value;
  }
  return bad < 16;
}

function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export interface RefIndexState {
  used: number;
  keys: Uint32Array;
  others: Map<string, number>;
}

export class RefIndex {
  /** Rows given out so far. */
  used = 0;
  #keys = new Uint32Array(4 * 1024);
  #slots = new Int32Array(2048);
  #others = new Map<string, number>();
  #otherOf = new Map<number, string>();

  /** Row of `ref`, or -1. */
  find(ref: string): number {
    if (!parseUuid(ref)) return this.#others.get(ref) ?? -1;
    return (this.#slots[this.#slotOf(word, 0)] ?? 0) - 1;
  }

  /** Row of `ref`, a new one (equal to the former `used`) when it had none. */
  ensure(ref: string): number {
    if (!parseUuid(ref)) {
      const known = this.#others.get(ref);
      if (known !== undefined) return known;
      const row = this.#grownFor(this.used++);
      this.#others.set(ref, row);
      this.#otherOf.set(row, ref);
      return row;
    }
    const slot = this.#slotOf(word, 0);
    const found = this.#slots[slot] ?? 0;
    if (found !== 0) return found - 1;
    const row = this.#grownFor(this.used++);
    this.#keys.set(word, row * 4);
    this.#slots[slot] = row + 1;
    if (this.used * 2 > this.#slots.length) this.#rehash(this.#slots.length * 4);
    return row;
  }

  refOf(row: number): string {
    const other = this.#otherOf.get(row);
    if (other !== undefined) return other;
    let hex = '';
    for (let w = 0; w < 4; w++) hex += (this.#keys[row * 4 + w] ?? 0).toString(16).padStart(8, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** The slot where the four words of `from` at `at` are, or would be. */
  #slotOf(from: Uint32Array, at: number): number {
    const [a, b, c, d] = [from[at] ?? 0, from[at + 1] ?? 0, from[at + 2] ?? 0, from[at + 3] ?? 0];
    const mask = this.#slots.length - 1;
    const keys = this.#keys;
    for (let slot = hashOf(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] ?? 0;
      if (row === 0) return slot;
      const key = (row - 1) * 4;
      if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d) return slot;
    }
  }

  #grownFor(row: number): number {
    if ((row + 1) * 4 > this.#keys.length) {
      const wider = new Uint32Array(this.#keys.length * 2);
      wider.set(this.#keys);
      this.#keys = wider;
    }
    return row;
  }

  #rehash(size: number): void {
    this.#slots = new Int32Array(size);
    for (let row = 0; row < this.used; row++) {
      if (this.#otherOf.has(row)) continue;
      this.#slots[this.#slotOf(this.#keys, row * 4)] = row + 1;
    }
  }

  save(): RefIndexState {
    return { used: this.used, keys: this.#keys.slice(0, this.used * 4), others: this.#others };
  }

  static load(state: RefIndexState): RefIndex {
    const index = new RefIndex();
    index.used = state.used;
    index.#keys = new Uint32Array(Math.max(4096, 2 ** Math.ceil(Math.log2(state.keys.length + 4))));
    index.#keys.set(state.keys);
    index.#others = state.others;
    for (const [ref, row] of state.others) index.#otherOf.set(row, ref);
    index.#rehash(Math.max(2048, 2 ** Math.ceil(Math.log2(state.used * 2 + 2))));
    return index;
  }
}
