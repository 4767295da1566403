// What follows from one try to deliver a list. Plain: the result and the clock in, what is written down out.
import type { DestinationsResult, ProviderProfile } from '#contracts';

export interface DeliveryStep {
  state: 'waiting' | 'told' | 'offered' | 'acknowledged';
  /** Null: as soon as somebody looks. */
  notBefore: Date | null;
  /** Failures in a row from now on. */
  failures: number;
  /** In words, for people; null when all is well. */
  detail: string | null;
  /** Whether it is a try of its own in the record; merely looking again is none. */
  counts: boolean;
}

/** Looked at again for an acknowledgement: often at first, then spared; seconds. */
const LOOK_AGAIN_S = [1, 2, 5, 15, 60, 300];
/** A person is needed; tried again now and then, since nobody may tell us that it was mended. */
const FORBIDDEN_AGAIN_S = 900;

/**
 * @param profile its retry schedule is the pause after failures. @param before failures in a row, whether it had been
 * handed over, and how far on the schedule of looks it is. @param random 0..1, for jitter of a tenth.
 */
export function afterDelivery(
  result: DestinationsResult,
  profile: Pick<ProviderProfile, 'retryScheduleS'>,
  { failures, wasTold, looks }: { failures: number; wasTold: boolean; looks: number },
  now: Date,
  random: number,
): DeliveryStep {
  const inS = (seconds: number): Date => new Date(now.getTime() + seconds * 1000 * (1 + random / 10));
  const schedule = profile.retryScheduleS;
  const pause = schedule[Math.min(failures, schedule.length - 1)] ?? 60;
  const state = wasTold ? 'told' : 'waiting';
  switch (result.result) {
    case 'acknowledged':
      return { state: 'acknowledged', notBefore: null, failures: 0, detail: null, counts: true };
    case 'offered':
      return { state: 'offered', notBefore: null, failures: 0, detail: null, counts: true };
    case 'told': {
      const lookAgain = LOOK_AGAIN_S[Math.min(looks, LOOK_AGAIN_S.length - 1)] ?? 60;
      return { state: 'told', notBefore: inS(lookAgain), failures: 0, detail: null, counts: !wasTold };
    }
    case 'later':
      // It asked us to wait: that is no failure of its own.
      return { state, notBefore: inS(result.retryAfterS ?? pause), failures, detail: result.detail, counts: true };
    case 'forbidden':
      return {
        state,
        notBefore: inS(Math.max(pause, failures > 2 ? FORBIDDEN_AGAIN_S : 0)),
        failures: failures + 1,
        detail: `${result.detail}; a person is needed`,
        counts: true,
      };
    case 'refused':
    case 'partial':
      // Handed over anew: what it keeps of this try is not the list.
      return { state: 'waiting', notBefore: inS(pause), failures: failures + 1, detail: result.detail, counts: true };
    case 'notSent':
    case 'unclear':
      return { state, notBefore: inS(pause), failures: failures + 1, detail: result.detail, counts: true };
  }
}
