// The one writing path of registrations: at most 2,000 rows in one transaction, set-wise, whoever sends them.
import { bangkokDay, type CopyTx, type Vault } from '#platform';
import type { Cause, Derivation, DerivedLines } from '#contracts';
import { fillChunk, lastOfEachKey } from './fill-chunk.js';
import { followMoves } from './moves/follow-moves.js';
import { AMENDED_LIMIT_S, openMoves, type NewMove } from './moves/open-moves.js';
import { anySuppression, keepUnchangedNames, suppressFreshLines } from './write-chunk-exceptions.js';
import {
  COMPARE_AND_WRITE,
  COMPARE_ONLY,
  FORGET_ROWS,
  LOCK_KNOWN_LINES,
  MAKE_LINES,
  WRITE_FRESH,
} from './write-chunk-sql.js';
import type { RegistrationRow, RegistrationState, WriteWord } from './registration-row.js';

/** Chunks of this size keep single registrations beside a bulk import at 30 ms; one transaction makes them wait for seconds. */
export const CHUNK_ROWS = 2000;

export interface WriteContext {
  actorId: number;
  /** The import that writes, null outside imports. */
  runId: number | null;
  now: Date;
}

export interface WriteParts {
  derivation: Derivation;
  vault: Vault;
}

/** What became of the rows. created + amended + same = rows; drafts and withdrawn say how many of them are not derived. */
export interface ChunkCounts {
  created: number;
  amended: number;
  same: number;
  drafts: number;
  withdrawn: number;
}

/** What was written for one row. A row that a later one of the same key replaces within the chunk has none of its own. */
export interface WrittenRow {
  /** Index in the rows given. */
  n: number;
  lineId: number;
  registrationId: string;
  word: WriteWord;
  state: RegistrationState;
  /** The state before, null when there was none. */
  was: RegistrationState | null;
}

export interface WrittenChunk {
  counts: ChunkCounts;
  rows: WrittenRow[];
  /** Providers whose log grew; to be woken after the commit. */
  providerIds: number[];
}

/**
 * Writes up to {@link CHUNK_ROWS} rows and derives what follows from them, inside the caller's transaction.
 *
 * Idempotent by agency + reference + line: the same again writes nothing, other content is an amendment whose content
 * before is kept. A draft never replaces the confirmed registration whose content it repeats. A confirmation that is not
 * newer than the person's withdrawal is stored as withdrawn. Locks: line (made in key order, known ones in id order),
 * then what derivation takes. `beforeDeriving` runs when the counts are known and before any log is locked, so that the
 * logs' counters are held as shortly as possible.
 */
export async function writeChunk(
  tx: CopyTx,
  rows: RegistrationRow[],
  context: WriteContext,
  parts: WriteParts,
  beforeDeriving?: (counts: ChunkCounts) => Promise<void>,
): Promise<WrittenChunk> {
  if (rows.length > CHUNK_ROWS) throw new RangeError(`a chunk has at most ${CHUNK_ROWS} rows`);
  const last = lastOfEachKey(rows);
  await fillChunk(tx, rows, last.kept, parts.vault);
  const { written, fresh } = await writeRows(tx, rows, last.kept, context, parts.vault);
  const counts = countOf(written, last.repeats);
  // A bound row whose line was erased meanwhile meets nothing: nothing changes by it.
  counts.same += last.kept.length - written.length;
  await beforeDeriving?.(counts);
  const lines = linesToDerive(written, fresh);
  if (lines.fresh.length + lines.known.length === 0) return { counts, rows: written, providerIds: [] };
  // One derivation per transaction: a second would lock entries after the counters of the first. So one cause a chunk.
  const cause: Cause = written.some((row) => row.state === 'confirmed' && row.was !== 'confirmed')
    ? 'registered'
    : 'amended';
  const today = bangkokDay(context.now);
  const { appended } = await parts.derivation.derive(tx, lines, {
    cause,
    actorId: context.actorId,
    runId: context.runId,
    today,
  });
  return { counts, rows: written, providerIds: [...appended.keys()] };
}

/** Writes what is in the chunk; `fresh` are the lines that this made. */
async function writeRows(
  tx: CopyTx,
  rows: RegistrationRow[],
  kept: number[],
  context: WriteContext,
  vault: Vault,
): Promise<{ written: WrittenRow[]; fresh: Set<number> }> {
  const by = [context.runId, context.actorId];
  let written: WrittenRow[] = [];
  let fresh = new Set<number>();
  if (kept.some((n) => rows[n]!.onlyRevision !== null)) {
    // Such rows speak of what is there: a line erased meanwhile must not come back by them.
  } else if (await anySuppression(tx)) {
    const made = await tx.query<{ line_id: number; line_key: string }>(MAKE_LINES);
    await suppressFreshLines(tx, made, vault);
    fresh = new Set(made.map((line) => line.line_id));
  } else {
    written = (await tx.query<FoundRow>(WRITE_FRESH, by)).map(toWritten).sort((a, b) => a.n - b.n);
    fresh = new Set(written.map((row) => row.lineId));
    if (written.length === kept.length) return { written, fresh };
    if (written.length > 0) await tx.query(FORGET_ROWS, [written.map((row) => row.n)]);
  }
  await tx.query(LOCK_KNOWN_LINES);
  await followMoves(tx);
  if (kept.some((n) => rows[n]!.name !== null)) await keepUnchangedNames(tx, (n) => rows[n]!.name, vault);
  const compared = await tx.query<ComparedRow>(COMPARE_AND_WRITE, by);
  await openMoves(tx, movesOf(compared), { keepsForS: AMENDED_LIMIT_S });
  written = [...written, ...compared.map(toWritten)].sort((a, b) => a.n - b.n);
  return { written, fresh };
}

interface FoundRow {
  n: number;
  line_id: number;
  id: string;
  word: WriteWord;
  becomes: RegistrationState;
  was: RegistrationState | null;
}

interface ComparedRow extends FoundRow {
  provider_id: number;
  provider_was: number | null;
}

/** Confirmed registrations that name another provider now: the old one keeps the line until the new one has it. */
function movesOf(rows: ComparedRow[]): NewMove[] {
  const moves = new Map<string, NewMove>();
  for (const { line_id: lineId, word, was, becomes, provider_id: to, provider_was: from } of rows) {
    if (word !== 'amended' || was !== 'confirmed' || becomes !== 'confirmed' || from === null || from === to) continue;
    moves.set(`${lineId}/${from}`, { lineId, from, to });
  }
  return [...moves.values()];
}

function toWritten(row: FoundRow): WrittenRow {
  return { n: row.n, lineId: row.line_id, registrationId: row.id, word: row.word, state: row.becomes, was: row.was };
}

function countOf(written: WrittenRow[], repeats: { same: number; amended: number }): ChunkCounts {
  const counts: ChunkCounts = { created: 0, amended: repeats.amended, same: repeats.same, drafts: 0, withdrawn: 0 };
  for (const row of written) {
    counts[row.word] += 1;
    if (row.word === 'same') continue;
    if (row.state === 'draft') counts.drafts += 1;
    if (row.state === 'withdrawn') counts.withdrawn += 1;
  }
  return counts;
}

/** Only lines for which something that counts, or counted, was written. */
function linesToDerive(written: WrittenRow[], freshIds: Set<number>): DerivedLines {
  const fresh = new Set<number>();
  const known = new Set<number>();
  for (const row of written) {
    if (row.word === 'same' || (row.state !== 'confirmed' && row.was !== 'confirmed')) continue;
    (freshIds.has(row.lineId) ? fresh : known).add(row.lineId);
  }
  return { fresh: [...fresh], known: [...known] };
}

/** What writeChunk would count, without writing, locking or deriving; rows of other chunks of the same file are not seen. */
export async function compareChunk(tx: CopyTx, rows: RegistrationRow[], vault: Vault): Promise<ChunkCounts> {
  const last = lastOfEachKey(rows);
  await fillChunk(tx, rows, last.kept, vault);
  await followMoves(tx);
  const counts: ChunkCounts = {
    created: 0,
    amended: last.repeats.amended,
    same: last.repeats.same,
    drafts: 0,
    withdrawn: 0,
  };
  for (const { word, becomes, rows: n } of await tx.query<{
    word: WriteWord;
    becomes: RegistrationState;
    rows: number;
  }>(COMPARE_ONLY)) {
    counts[word] += n;
    if (word !== 'same' && becomes === 'draft') counts.drafts += n;
    if (word !== 'same' && becomes === 'withdrawn') counts.withdrawn += n;
  }
  return counts;
}
