// Where one entry stands, derived from its latest change: the same words, and the same rule, as the provider's counts.
import type { ExceptionKind, ResultCode } from '#contracts';
import type { Carried, EntryRow, LineEntries } from './line-entries.js';

/** When the batch that carries it was sealed, handed over and accepted. */
export type Times = Pick<Carried, 'sealedAt' | 'handedAt' | 'acceptedAt'>;

/** `never`: this entry has had no change yet (it begins later). */
export type EntryStanding =
  | { standing: 'never' }
  | { standing: 'applied'; batch: Times | null }
  | { standing: 'inFlight'; batch: Times }
  | { standing: 'pending' }
  | { standing: 'waiting'; waitsFor: number }
  | { standing: ExceptionKind; code: ResultCode | null; nextAt: Date | null; batch: Times | null };

const ENDED_WITHOUT = new Set(['refused', 'closed', 'covered']);

/** Pure: says what the rows mean for one entry. */
export function standingOf(entry: EntryRow, line: LineEntries): EntryStanding {
  const own = { providerId: entry.providerId, seq: entry.lastSeq };
  const isOwn = (row: { providerId: number; seq: number }) => row.providerId === own.providerId && row.seq === own.seq;
  if (entry.lastSeq === 0) return { standing: 'never' };
  const carried = line.carried.filter((each) => isOwn(each) && each.how === 'sent' && !ENDED_WITHOUT.has(each.state));
  // The last batch that carried it speaks: a full list comes after whatever it carries again.
  const last = carried.toSorted((a, b) => a.number - b.number).at(-1) ?? null;
  const open = line.exceptions.filter((each) => isOwn(each) && each.endedAt === null);
  // A hold counts before all else: the log's last word on the entry is not what is desired any more.
  const held = open.find((each) => each.kind === 'held');
  if (held) return { standing: 'held', code: held.code, nextAt: held.nextAt, batch: null };
  const omission = line.omissions.find(isOwn);
  if (omission) return { standing: 'waiting', waitsFor: omission.waitsFor };
  const exception = open.at(-1);
  if (exception) {
    return {
      standing: exception.kind,
      code: exception.code,
      nextAt: exception.nextAt,
      batch: carried.find((each) => each.number === exception.number) ?? null,
    };
  }
  if (line.inRefused.has(entry.providerId) || last === null) return { standing: 'pending' };
  if (last.word !== null || last.state === 'settled') return { standing: 'applied', batch: last };
  // A full list on its way takes nothing away from what was acknowledged before it.
  const before = carried.find((each) => each.word !== null && each.kind === 'delta');
  const covered = line.exceptions.some((each) => isOwn(each) && each.endReason === 'covered');
  if (last.kind === 'full' && before && !covered) return { standing: 'applied', batch: before };
  return { standing: 'inFlight', batch: last };
}
