// How a feed's standing and its cursors are written.
import type { Cursor, FeedStanding } from '#dispatch';
import type { FeedStandingDto } from './feed.dto.js';

/** `42-1`; null before the first page. */
export function cursorText({ number, part }: Cursor): string | null {
  return number === 0 ? null : `${number}-${part}`;
}

export function feedShown({ read, newest, ...rest }: FeedStanding): FeedStandingDto {
  return { read: cursorText(read), newest: newest ? cursorText(newest) : null, ...rest };
}
