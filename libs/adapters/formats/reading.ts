// Small strict readers for answers from outside: each says what is wrong and where, and never repeats a line.
import type { SetAsideReason } from '#contracts';

/** An answer that cannot be used. Nothing of it is applied; `problems` say what the provider has to change. */
export class AnswerNotUsable extends Error {
  constructor(
    readonly problems: string[],
    readonly reason: SetAsideReason = 'notUsable',
  ) {
    super(problems.join('; '));
    this.name = 'AnswerNotUsable';
  }
}

/** Problems listed at most; the rest is counted. */
const MOST_PROBLEMS = 20;

/** Collects what is wrong, so that a provider sees all its mistakes at once and not one a day. */
export class Complaints {
  private readonly list: string[] = [];
  private more = 0;

  add(problem: string): void {
    if (this.list.length < MOST_PROBLEMS) this.list.push(problem);
    else this.more++;
  }

  get any(): boolean {
    return this.list.length > 0;
  }

  /** Throws `AnswerNotUsable` when anything was complained of. */
  settle(): void {
    if (this.any) throw this.error();
  }

  error(reason: SetAsideReason = 'notUsable'): AnswerNotUsable {
    return new AnswerNotUsable(this.more > 0 ? [...this.list, `and ${this.more} more of the kind`] : this.list, reason);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

/** What a value is, for a message; never the value itself. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** What is wrong with a time of RFC 3339, or null. A Buddhist year is named as what it is. */
export function troubleWithInstant(value: unknown): string | null {
  if (typeof value !== 'string') return `is ${kindOf(value)}; write it like 2020-03-18T17:05:10Z`;
  const found = INSTANT.exec(value);
  if (!found || Number.isNaN(Date.parse(value))) return 'is no time of RFC 3339; write it like 2020-03-18T17:05:10Z';
  const year = Number(found[1]);
  if (year >= 2400 && year <= 2700) return `has the Buddhist year ${year}; write the year ${year - 543}`;
  return null;
}
