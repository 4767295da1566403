// Pure: what the answers to the parts of one batch say together.
import type { Outcomes } from '#contracts';
import type { Span } from '../formats/outcomes-json.js';

/** One part's answer; null when the provider gave no outcomes for it. */
export interface PartOutcomes {
  span: Span;
  outcomes: Outcomes | null;
}

/**
 * Joins the outcomes of parts into one. A single part keeps its words, with its positions made explicit. Of several, the
 * longest run of neighbouring parts that are wholly spoken for gives the default (`applied` as soon as one part says so:
 * the entry is on the list either way); positions outside it stay unknown, and whoever asks later hears of them. So
 * nothing is ever inferred. Null when no part had outcomes.
 */
export function joinParts(parts: readonly PartOutcomes[]): Outcomes | null {
  const spoken = parts.filter((one) => one.outcomes !== null);
  if (spoken.length === 0) return null;
  if (parts.length === 1) return parts[0]!.outcomes;
  const except = spoken.flatMap((one) => one.outcomes!.except);
  const whole = parts.map(({ span, outcomes }) =>
    outcomes?.default && (outcomes.first ?? span.first) === span.first && (outcomes.last ?? span.last) === span.last
      ? outcomes.default
      : null,
  );
  let best: [number, number] | null = null;
  for (let start = 0; start < parts.length; start++) {
    if (whole[start] === null) continue;
    let end = start;
    while (end + 1 < parts.length && whole[end + 1] !== null) end++;
    if (!best || size(parts, start, end) > size(parts, best[0], best[1])) best = [start, end];
    start = end;
  }
  if (!best) return { except };
  const words = whole.slice(best[0], best[1] + 1);
  return {
    default: words.includes('applied') ? 'applied' : 'already',
    except,
    first: parts[best[0]]!.span.first,
    last: parts[best[1]]!.span.last,
  };
}

function size(parts: readonly PartOutcomes[], start: number, end: number): number {
  return parts[end]!.span.last - parts[start]!.span.first + 1;
}
