// Where a list lies while it is read: an unlogged table of refs and keyed items, so that no line is stored, filled by COPY.
import type { DataSource } from 'typeorm';
import type { SnapshotLine } from '#contracts';
import { inTransaction, query } from '#platform';
import type { ItemMaker } from './item-maker.js';

/** COPY's binary header: signature, flags, length of an extension; and its trailer. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');
/** Three fields: the ref as uuid, the item as two bigints. */
const ROW_BYTES = 2 + 4 + 16 + 4 + 8 + 4 + 8;
/** Refs that are none of ours by their form, before the list counts as damaged. */
const MOST_STRAYS = 1_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The list names what cannot all be somebody's mistake of the day. */
export class TooManyStrays extends Error {
  constructor() {
    super(`more than ${MOST_STRAYS} of its refs have not the form of any that was sent`);
    this.name = 'TooManyStrays';
  }
}

/** One list being staged. One at a time per provider: the caller holds the provider's lock. */
export class Stage {
  readonly table: string;
  lines = 0;
  /** Refs that are none of ours by their form, with their items. */
  readonly strays: { ref: string; item: Buffer }[] = [];
  private copying: Promise<void> | null = null;
  private readonly pieces = new Pieces();

  constructor(
    private readonly source: DataSource,
    providerId: number,
    private readonly items: ItemMaker,
  ) {
    this.table = `snapshot_line_${providerId}`;
  }

  /** Begins anew: what a list before it left is gone. */
  async begin(): Promise<void> {
    await this.drop();
    this.lines = 0;
    this.strays.length = 0;
    this.pieces.reset();
    const copy = async (): Promise<void> => {
      await inTransaction(this.source, async (tx) => {
        await tx.query(
          `CREATE UNLOGGED TABLE IF NOT EXISTS ${this.table} (ref uuid NOT NULL, item_high bigint NOT NULL, item_low bigint NOT NULL)`,
        );
        await tx.query(`TRUNCATE ${this.table}`);
        await tx.copyBinary(this.table, this.pieces.read());
      });
    };
    this.copying = copy();
    this.copying.catch((error: unknown) => this.pieces.fail(error));
    await this.pieces.put(HEADER);
  }

  /** Stages a run of lines. Throws `TooManyStrays`, and what the database says. */
  async take(lines: readonly SnapshotLine[]): Promise<void> {
    const out = Buffer.allocUnsafe(lines.length * ROW_BYTES);
    let at = 0;
    for (const { ref, access, line, package: name, from, to } of lines) {
      const item = this.items.of(access, line, name, from, to);
      this.lines += 1;
      if (!UUID.test(ref)) {
        if (this.strays.push({ ref, item: item.subarray(0, 16) }) > MOST_STRAYS) throw new TooManyStrays();
        continue;
      }
      at = out.writeUInt16BE(3, at);
      at = out.writeUInt32BE(16, at);
      at += out.write(ref.replaceAll('-', ''), at, 'hex');
      at = out.writeUInt32BE(8, at);
      at += item.copy(out, at, 0, 8);
      at = out.writeUInt32BE(8, at);
      at += item.copy(out, at, 8, 16);
    }
    await this.pieces.put(out.subarray(0, at));
  }

  /** Everything is in; the table can be read. */
  async end(): Promise<void> {
    await this.pieces.put(TRAILER);
    this.pieces.end();
    await this.copying;
    // Without statistics the planner would take a table of millions for an empty one.
    await query(this.source, `ANALYZE ${this.table}`);
  }

  /** Ends without use; the transaction is rolled back and nothing of the list remains. */
  async drop(): Promise<void> {
    const copying = this.copying;
    this.copying = null;
    if (copying) {
      this.pieces.fail(new Error('the list is not used'));
      await copying.catch(() => undefined);
    }
    await query(this.source, `DROP TABLE IF EXISTS ${this.table}`);
  }
}

/** Hands pieces from who writes to who reads, one at a time: whoever is faster waits. */
class Pieces {
  private waiting: Buffer | null = null;
  private ended = false;
  private failure: unknown = null;
  private readonly waiters: (() => void)[] = [];

  reset(): void {
    this.waiting = null;
    this.ended = false;
    this.failure = null;
  }

  async put(piece: Buffer): Promise<void> {
    while (this.waiting !== null && this.failure === null) await this.turn();
    if (this.failure !== null) throw this.failure;
    this.waiting = piece;
    this.tell();
  }

  end(): void {
    this.ended = true;
    this.tell();
  }

  fail(error: unknown): void {
    this.failure ??= error;
    this.tell();
  }

  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.failure !== null) throw this.failure;
      const piece = this.waiting;
      if (piece !== null) {
        this.waiting = null;
        this.tell();
        yield piece;
      } else if (this.ended) return;
      else await this.turn();
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  private tell(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }
}
