// Every rule taken away by itself, in words: without it some seed must end badly.
import type { Rules } from './rules.js';
import { REAL_RULES } from './rules.js';
import type { Setting } from './setting.js';
import type { StepRules, Step, StreamView } from '../rules/next-step.js';

export interface Mutation {
  /** The rule that is missing, and what happens instead. */
  without: string;
  rules: Partial<Rules>;
  /** The provider and the trouble that show it soonest. With it and all rules in place, every seed must end well. */
  shownBy?: Setting;
  /** A rule relaxed in the run with the mutation and in the one without: the missing one is only needed then. */
  relaxed?: Partial<Rules>;
}

const real = REAL_RULES;

/** A hub that goes on with the next batch during the pause after an unclear end, instead of settling that fate first. */
function goesOnWhileUnclear(view: StreamView, rules: StepRules): Step {
  const unclear = view.open.find((batch) => batch.state === 'handed');
  const pausing = view.notBefore !== null && view.notBefore > view.now && !view.paused;
  const mayGoOn = pausing && unclear && view.open.at(-1) === unclear && !view.fullListWanted && !view.unsealedHalf;
  return mayGoOn && view.lastSeq > view.sealedSeq ? { step: 'seal' } : real.nextStep(view, rules);
}

/** Works on batches in any order, and says so when it has: what overtakes is seen at once. */
const SIDE_BY_SIDE = { order: 'sideBySide', answers: 'callback', persistent: true, refusal: 'byLine' } as const;
/** Applies and answers at once, numbers it knows as well: what arrives late does harm at once. */
const AT_ONCE = {
  order: 'arrival',
  answers: 'response',
  duplicates: 'appliesAgain',
  canBeAsked: true,
  slow: false,
  wavers: 'never',
  refusal: 'byLine',
} as const;
/** And recognises only its highest number, so that a stopped worker's copy of an older one is applied once more. */
const FORGETS_OLD_NUMBERS = { ...AT_ONCE, duplicates: 'recognisesHighest' } as const;

export const MUTATIONS: readonly Mutation[] = [
  {
    without: 'collapsing, the last goes: the first of several changes of an entry goes',
    rules: {
      selectLines: (changes, awaited, inOrder, superseded) => {
        const first = new Map(changes.toReversed().map((change) => [change.entryRef, change]));
        const chosen = real.selectLines(changes, awaited, inOrder, superseded);
        return {
          ...chosen,
          lines: chosen.lines.map((line) => ({ ...(first.get(line.entryRef) ?? line), seq: line.seq })),
        };
      },
    },
  },
  {
    without: 'predecessor rule: a change goes while an earlier one of its entry has no outcome',
    rules: { awaited: () => null },
  },
  {
    without: 'predecessor rule through omitted changes: one that waits itself lets the next one pass',
    rules: { awaited: (seq, fate) => (fate.role === 'omitted' ? null : real.awaited(seq, fate)) },
  },
  {
    without: 'append on outcome: what waited is forgotten when the outcome arrives',
    rules: { appendsWhatWaited: false },
  },
  {
    without: 'current state at every append: the change that caused it is appended as it was',
    rules: { contentToAppend: (_current, ofTheCause) => ofTheCause, isLatest: () => true },
    shownBy: { temperament: { putsOff: 0.5 } },
  },
  {
    without: 'supersession: something is appended although the entry has a newer change',
    rules: { isLatest: () => true },
  },
  {
    without: 'resend rule, known numbers: the same number goes again to a provider that would apply it again',
    rules: { nextStep: (view, rules) => real.nextStep(view, { ...rules, refusesKnownNumbers: true }) },
    shownBy: {
      temperament: { ...SIDE_BY_SIDE, duplicates: 'appliesAgain', canBeAsked: true },
      pace: 10,
      pushing: 0,
      answersLost: 0.3,
      fullLists: 0,
    },
  },
  {
    without: 'resend rule, nothing later: the same number goes again after later ones were handed over',
    rules: {
      nextStep: (view, rules) => {
        const step = goesOnWhileUnclear(view, rules);
        const forgetful = { ...view, open: view.open.map((batch) => ({ ...batch, laterHanded: false })) };
        return step.step === 'seal' ? step : real.nextStep(forgetful, rules);
      },
    },
    relaxed: { nextStep: goesOnWhileUnclear },
    shownBy: {
      temperament: {
        ...SIDE_BY_SIDE,
        duplicates: 'recognisesHighest',
        canBeAsked: true,
        parts: 1,
        offends: 0,
        putsOff: 0,
      },
      profile: { releasedBy: 'receipt' },
      pace: 20,
      answersLost: 0.5,
      fullLists: 0,
    },
  },
  {
    without: 'ask before anything is sent again: an unclear batch is taken for lost, closed and appended again',
    rules: {
      afterHandOver: (result, context) =>
        result.result === 'unclear' ? { verdict: 'close' } : real.afterHandOver(result, context),
    },
  },
  {
    without: 'close and append again: a batch that the provider never got is closed, and that is all',
    rules: { stillDue: () => [] },
  },
  {
    without: 'fence: an attempt that ends after its lease was lost repeats nothing',
    rules: { repeatsAtLostEnd: false },
    shownBy: {
      temperament: FORGETS_OLD_NUMBERS,
      entries: 2,
      pace: 30,
      stopped: { attemptRecorded: 0.3 },
      fullLists: 0,
    },
  },
  {
    without: 'fence: an attempt found open after its lease was lost repeats nothing',
    rules: { repeatsWhenFoundOpen: false },
    shownBy: {
      temperament: FORGETS_OLD_NUMBERS,
      entries: 3,
      pace: 60,
      pushing: 0,
      stopped: { attemptRecorded: 0.3 },
      killed: { handedOver: 0.3 },
      fullLists: 0,
    },
  },
  {
    without: 'fence: a worker that lost its lease goes on as if it held it',
    rules: { checksLease: false },
    shownBy: {
      temperament: FORGETS_OLD_NUMBERS,
      entries: 2,
      pace: 30,
      stopped: { attemptRecorded: 0.3 },
      fullLists: 0,
    },
  },
  {
    without: 'late answers: one about a closed or given-up batch repeats nothing',
    rules: {
      useOfAnswer: (state, everHanded, suspect) =>
        real.useOfAnswer(state, everHanded, suspect) === 'setAside' ? 'setAside' : 'merge',
    },
  },
  {
    without: 'late arrival: nothing at all is repeated',
    rules: { overtaken: () => [] },
  },
  {
    without: 'late arrival of a full list: only lines of its own are repeated',
    rules: { fullListOvertakesAll: false },
    shownBy: {
      temperament: { ...SIDE_BY_SIDE, canBeAsked: true, duplicates: 'appliesAgain' },
      pace: 4,
      stopped: { attemptRecorded: 0.2 },
      fullLists: 100,
    },
  },
  {
    without: 'states move forward only: an unclear end puts a batch that was answered meanwhile back',
    rules: {
      stateAfter: (state, verdict, heard) =>
        verdict === 'unclear' || verdict === 'again' ? 'sealed' : real.stateAfter(state, verdict, heard),
    },
  },
  {
    without: 'halves before anything later: they are sealed when nothing else is due',
    rules: {
      nextStep: (view, rules) => {
        const step = real.nextStep({ ...view, unsealedHalf: false }, rules);
        return step.step === 'idle' ? real.nextStep(view, rules) : step;
      },
    },
  },
  {
    without: 'halves before anything later: what is due is not looked at again when it is sealed',
    rules: { decidesAgainWhenSealing: false },
    shownBy: {
      temperament: { ...SIDE_BY_SIDE, refusal: 'wholeLate', offends: 0.2 },
      profile: { releasedBy: 'receipt' },
      stopped: { decided: 0.2 },
      pace: 10,
    },
  },
  {
    without: 'halving: a seq at the middle is lost',
    rules: {
      halve: (range, seqs) => {
        const [first, second] = real.halve(range, seqs);
        return [first, { ...second, fromSeq: second.fromSeq + 1 }];
      },
    },
  },
  {
    without: 'halves say nothing that is superseded: they repeat what newer batches replaced',
    rules: { selectLines: (changes, awaited, inOrder) => real.selectLines(changes, awaited, inOrder) },
  },
  {
    without: 'halves: what is superseded and waits is forgotten, so that a newer change finds nothing awaited',
    rules: {
      selectLines: (changes, awaited, inOrder, superseded = () => false) => {
        const chosen = real.selectLines(
          changes.filter((change) => !superseded(change.seq)),
          awaited,
          inOrder,
        );
        return {
          ...chosen,
          collapsed: [
            ...chosen.collapsed,
            ...changes.filter((change) => superseded(change.seq)).map((change) => change.seq),
          ],
        };
      },
    },
    shownBy: {
      temperament: { ...SIDE_BY_SIDE, refusal: 'whole', offends: 0.2 },
      profile: { releasedBy: 'receipt', maxLines: 4 },
      pace: 6,
      pushing: 0,
    },
  },
  {
    without: 'push now never overtakes: a change goes ahead of an older one of its entry that is not sealed yet',
    rules: {
      pushFate: (pushed, sealedSeq, ahead, awaited, inOrder) =>
        real.pushFate(
          { ...pushed, prevSeq: pushed.prevSeq > sealedSeq ? 0 : pushed.prevSeq },
          sealedSeq,
          ahead,
          awaited,
          inOrder,
        ),
    },
  },
  {
    without: 'push now never overtakes: a change goes ahead while its predecessor has no outcome',
    rules: {
      pushFate: (pushed, sealedSeq, ahead, _awaited, inOrder) =>
        real.pushFate(pushed, sealedSeq, ahead, () => null, inOrder),
    },
  },
  {
    without: 'full list, nothing unsettled: it is sealed while batches are open',
    rules: {
      nextStep: (view, rules) => {
        const step = real.nextStep(view, rules);
        return step.step === 'awaitOutcomes' && view.fullListWanted ? { step: 'sealFull' } : step;
      },
    },
  },
  {
    without: 'full list, nothing after it until it is settled',
    rules: {
      nextStep: (view, rules) =>
        real.nextStep({ ...view, open: view.open.map((batch) => ({ ...batch, kind: 'delta' as const })) }, rules),
    },
    shownBy: {
      temperament: { ...SIDE_BY_SIDE, duplicates: 'recognises', slow: false },
      profile: { releasedBy: 'receipt' },
      entries: 2,
      pace: 60,
      fullLists: 100,
    },
  },
  {
    without: 'full list, position: later batches start where they would have without it',
    rules: { fullListMovesPosition: false },
  },
  {
    without: 'full list, exceptions: what it overruled stays open',
    rules: { fullListCoversExceptions: false },
  },
  {
    without: 'proof of life, once a day: each day gets one although it had batches',
    rules: { nextStep: (view, rules) => real.nextStep({ ...view, lastSealedAt: null }, rules) },
    shownBy: { profile: { proofOfLifeAt: '00:03' } },
  },
  {
    without: 'proof of life: a day with nothing to send passes in silence',
    rules: { nextStep: (view, rules) => real.nextStep(view, { ...rules, proofOfLifeAt: null }) },
    shownBy: { profile: { proofOfLifeAt: '00:03' }, pace: 200, entries: 1 },
  },
  {
    without: 'merging, any order: the word heard last counts',
    rules: { merge: (_a, b) => b },
  },
  {
    without: 'merging: applied together with rejected counts as applied',
    rules: {
      resolve: (heard) => real.resolve(heard.applied || heard.already ? { ...heard, rejected: undefined } : heard),
    },
  },
  {
    without: 'merging: retryLater beats applied',
    rules: {
      resolve: (heard) => (heard.retryLater ? { word: 'retryLater', code: heard.retryLater } : real.resolve(heard)),
    },
  },
  {
    without: 'nothing is inferred from silence: a line that was given up counts as applied',
    rules: { silenceIsUncertain: false },
  },
  {
    without: 'set aside: an answer about a refused batch counts',
    rules: { useOfAnswer: (_state, _everHanded, suspect) => (suspect ? 'mergeAndRepeat' : 'merge') },
  },
];
