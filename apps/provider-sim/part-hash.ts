// SHA-256 over the bodies of all parts of a batch, one after another, in whatever order the parts come.
import { createHash } from 'node:crypto';

export class PartHash {
  readonly #hash = createHash('sha256');
  readonly #waiting = new Map<number, Buffer>();
  #next = 1;

  constructor(private readonly parts: number) {}

  /** Takes a part's body; the whole hash in lower-case hex once the last gap has closed, before that undefined. */
  add(part: number, body: Buffer): string | undefined {
    if (part < this.#next) return undefined;
    this.#waiting.set(part, body);
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#hash.update(next);
      this.#waiting.delete(this.#next++);
    }
    return this.#next > this.parts ? this.#hash.digest('hex') : undefined;
  }
}
