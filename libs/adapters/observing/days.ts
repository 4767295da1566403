// Days as snapshots write them, judged quickly: there are few of them in a list of millions.

const known = new Map<string, boolean>();

/** Whether it is a day of the calendar as `YYYY-MM-DD`, of this era and not the Buddhist one. */
export function bangkokDate(text: string): boolean {
  const before = known.get(text);
  if (before !== undefined) return before;
  const good =
    /^(?:19|20|21)\d\d-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(text).toISOString().startsWith(text);
  // Whoever writes ten thousand different texts here writes no days; memory stays bounded.
  if (known.size < 10_000) known.set(text, good);
  return good;
}

/** The day in Bangkok (UTC+7 all year round) of a moment, or null when it is none. */
export function dayOf(moment: unknown): string | null {
  const at = typeof moment === 'string' ? Date.parse(moment) : NaN;
  return Number.isNaN(at) ? null : new Date(at + 7 * 3_600_000).toISOString().slice(0, 10);
}
