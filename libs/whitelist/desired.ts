// What should be on the whitelists for one line, from its registrations: the rule as a plain function.
import type { Day } from '#contracts';

/** A registration as far as derivation cares. Days are inclusive; `validTo` null has no end. */
export interface ValidRegistration {
  providerId: number;
  package: string;
  validFrom: Day;
  validTo: Day | null;
}

/** What should be on one provider's whitelist for the line. */
export interface Desired {
  providerId: number;
  present: boolean;
  package: string | null;
  validFrom: Day | null;
  validTo: Day | null;
  /** The next day on which the calendar alone changes this, or null. */
  dueOn: Day | null;
}

/** An open move of the line whose old provider has it on its list. */
export interface HeldMove {
  from: number;
  to: number;
}

/** The day after, in the proleptic calendar. */
export function dayAfter(day: Day): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

interface Span {
  from: Day;
  to: Day | null;
}

/** Joins overlapping and adjoining spans; the result is sorted and disjoint. */
function union(spans: Span[]): Span[] {
  const sorted = spans.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const result: Span[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last && (last.to === null || span.from <= dayAfter(last.to))) {
      if (last.to !== null && (span.to === null || span.to > last.to)) last.to = span.to;
    } else {
      result.push({ ...span });
    }
  }
  return result;
}

/**
 * For each provider that some confirmed registration of the line names: the first joined span of days that has not
 * ended by `today`. It is present when it has begun, or when the provider takes dates. The package is the first by
 * code of the registrations inside that span. Providers without such a span are absent from the whitelist.
 *
 * While the line is being moved, what counts at the new provider counts at the old one too: so it stays there until the
 * move is closed, follows amendments, and goes from both when the registration ends.
 */
export function desiredFor(
  registrations: ValidRegistration[],
  today: Day,
  takesDates: (providerId: number) => boolean,
  moves: readonly HeldMove[] = [],
): Desired[] {
  const moved = moves.flatMap(({ from, to }) =>
    registrations.filter(({ providerId }) => providerId === to).map((each) => ({ ...each, providerId: from })),
  );
  const byProvider = Map.groupBy([...registrations, ...moved], (registration) => registration.providerId);
  return [...byProvider].map(([providerId, own]) => {
    const span = union(own.map(({ validFrom, validTo }) => ({ from: validFrom, to: validTo }))).find(
      ({ to }) => to === null || to >= today,
    );
    const absent = { providerId, present: false, package: null, validFrom: null, validTo: null };
    if (!span) return { ...absent, dueOn: null };
    if (span.from > today && !takesDates(providerId)) return { ...absent, dueOn: span.from };
    const packages = own
      .filter(({ validFrom }) => validFrom >= span.from && (span.to === null || validFrom <= span.to))
      .map((registration) => registration.package);
    return {
      providerId,
      present: true,
      package: packages.toSorted()[0] ?? null,
      validFrom: span.from,
      validTo: span.to,
      dueOn: span.to === null ? null : dayAfter(span.to),
    };
  });
}
