// What a running hand-over does next, and whether somebody must look at it: plain judgement.

/** Most lines that wait for the new provider at once: the rest stay wholly with the old one while it is in trouble. */
export const MOST_OPEN = 8000;

/** Providers are read again every five seconds by whoever writes registrations; after that nobody names the old one. */
export const KNOWN_AFTER_S = 6;

export interface HandOverView {
  /** 1: moving; 2: those that came while the successor became known; 3: only answers are awaited. */
  round: number;
  /** No line with a registration at the old providers is left after the position. */
  roundOver: boolean;
  /** Moves that wait for the new provider. */
  open: number;
  /** Seconds since the successor was named, null before. */
  succeededS: number | null;
  /** An import that began before then still runs. */
  olderImport: boolean;
  /** Old providers whose removals are not all acknowledged, by code. */
  removing: string[];
  /** Why the new provider is not being sent to, null when it is. */
  paused: string | null;
  /** Seconds since anything went forward. */
  quietS: number;
  /** Seconds of quiet after which somebody must look. */
  quietLimitS: number;
}

export type HandOverStep = 'moveLines' | 'nameSuccessor' | 'lastRound' | 'awaitAnswers' | 'complete' | 'wait';

/** The next step of a running hand-over. */
export function nextHandOverStep(view: HandOverView): HandOverStep {
  if (view.round < 3 && !view.roundOver) {
    if (view.round === 2 || view.succeededS === null) {
      return view.open >= MOST_OPEN || view.paused !== null ? 'wait' : 'moveLines';
    }
  }
  if (view.succeededS === null) return 'nameSuccessor';
  if (view.round === 1) return view.succeededS >= KNOWN_AFTER_S && !view.olderImport ? 'lastRound' : 'wait';
  if (view.round === 2) return 'awaitAnswers';
  return view.open === 0 && view.removing.length === 0 ? 'complete' : 'wait';
}

/** Why it cannot go on, or null. */
export function standstillOf(view: HandOverView): string | null {
  if (nextHandOverStep(view) !== 'wait') return null;
  if (view.paused !== null && (view.open > 0 || view.round === 1))
    return `nothing is sent to the new provider: ${view.paused}`;
  if (view.quietS < view.quietLimitS) return null;
  const since = `nothing went forward for ${Math.round(view.quietS / 60)} minutes`;
  if (view.open > 0) return `${since}: ${view.open} lines are not acknowledged by the new provider`;
  if (view.removing.length > 0) return `${since}: removals are not acknowledged by ${view.removing.join(', ')}`;
  return view.olderImport ? `${since}: an import that began before is still running` : null;
}
