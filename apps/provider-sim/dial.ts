// Everything about a simulated provider's temper that can be turned, with its defaults and its checks.

export interface Span {
  min: number;
  max: number;
}

/** Shares are 0..1 of the occasions; several faults never happen at once. */
export interface Faults {
  /** 500 (or SFTP FAILURE) and nothing was applied. */
  error500Before: number;
  /** 500 (or SFTP FAILURE) although everything was applied. */
  error500After: number;
  /** The connection is cut and nothing was applied. */
  resetBefore: number;
  /** The connection is cut after everything was applied. */
  resetAfter: number;
  /** No answer ever on this connection, nothing applied. */
  hangBefore: number;
  /** No answer ever on this connection, everything applied. */
  hangAfter: number;
  /** 429 with Retry-After; nothing applied. */
  tooMany: number;
  /** 503 with Retry-After; nothing applied. */
  unavailable: number;
  /** 401 (or a refused SFTP log-in); nothing applied. */
  unauthorized: number;
  /** 200 with a page of HTML; nothing applied. */
  html: number;
}

export type FaultKind = keyof Faults;

export interface Dial {
  /** Milliseconds before a request is worked on. */
  delayMs: Span;
  faults: Faults;
  /** Whether faults and delays meet only batches or status questions too. */
  faultsOn: 'batches' | 'everything';
  /** What 429 and 503 ask for, in seconds. */
  retryAfterSeconds: number;
  /** Share of batches that are taken and applied, and never answered with outcomes. */
  silence: number;
  reject: {
    share: number;
    codes: string[];
    /** `byRef`: the same entry is always judged alike; `atRandom`: each time anew. */
    decide: 'byRef' | 'atRandom';
    removes: 'never' | 'too';
  };
  retryLater: {
    share: number;
    /** How often an entry is put off before it is taken. */
    times: number;
    code: string;
    retryAfterSeconds: number;
  };
  /** Share of entries that make the whole batch be refused (422, or a REJECTED receipt). */
  poison: number;
  /** Callbacks and result files. */
  answer: {
    /** Lines per callback or result file; 0 is the whole part at once. */
    partSize: number;
    delayMs: Span;
    /** Share that is sent once more. */
    repeat: number;
    /** Share that is kept back so that others overtake it. */
    reorder: number;
    reorderMs: number;
    /** Share of pieces that are left out for ever. */
    omit: number;
    /** Share followed by the same piece with another word. */
    contradict: number;
    /** Share followed by one for a batch that does not exist. */
    unknownBatch: number;
    /** Share followed by one whose positions are shifted by one. */
    shifted: number;
    /** Share followed by one with a wrong signature. */
    badSignature: number;
    /** How long a callback that the hub did not take is tried again, in seconds. */
    retryForSeconds: number;
  };
  /** Service orders (TMF641). */
  orders: {
    /** Whether a second listener is refused with 409, or heard beside the first. */
    listeners: 'one' | 'many';
    /** Share of orders after which all subscriptions are lost, as by a restart. */
    loseSubscriptions: number;
    /** Share of orders that are taken and answered 409 all the same. */
    conflict: number;
    /** Share of orders that are told as acknowledged and begun, too; those events may come after the last word. */
    earlyEvents: number;
    /** How an order with a poisoned line is refused: at once with 400, or taken, and rejected by event. */
    refuse: 'atOnce' | 'later';
    /** Whether lists are filtered by externalId. */
    filter: 'on' | 'off';
    /** Most orders in one page of a list. */
    page: number;
  };
  /** A provider that fetches its batches. */
  pull: {
    /** `off`: it never fetches, however often it is told. */
    fetching: 'on' | 'off';
    /** How often it looks without being told, in milliseconds; 0: only when told. */
    everyMs: number;
    /** Before each page, in milliseconds. */
    pauseMs: number;
    gzip: 'on' | 'off';
    /** Share of events that are taken with a yes and forgotten. */
    loses: number;
    /** Share of pages whose connection is cut in the middle and resumed there. */
    cut: number;
    /** Share of rounds that begin some batches back. */
    stale: number;
  };
  /** Destination lists. */
  destinations: {
    /** Share of hand-overs that fail: 500, a REJECTED receipt, all applications reported. */
    fail: number;
    /** Share of T8 applications that are reported as failed beside others that are taken. */
    partial: number;
    /** Milliseconds until a list that was taken is enforced, and acknowledged. */
    lateMs: number;
  };
  /** Whether a number that it already has is refused, or applied again. */
  duplicateCheck: 'refuses' | 'none';
  applyOrder: 'asSent' | 'inNumberOrder' | 'newerSeqOnly';
  /** After so many milliseconds a gap in `inNumberOrder` is given up and what was parked is applied. */
  parkLimitMs: number;
  statusQuery: 'on' | 'off';
  /** Most lines in one part, more is refused with 413; 0 is no limit. */
  maxLines: number;
}

/** A change of the dial: any members, at any depth. */
export type DialChange = { [K in keyof Dial]?: Dial[K] extends string | number ? Dial[K] : Partial<Dial[K]> };

export function defaultDial(): Dial {
  return {
    delayMs: { min: 0, max: 0 },
    faults: {
      error500Before: 0,
      error500After: 0,
      resetBefore: 0,
      resetAfter: 0,
      hangBefore: 0,
      hangAfter: 0,
      tooMany: 0,
      unavailable: 0,
      unauthorized: 0,
      html: 0,
    },
    faultsOn: 'batches',
    retryAfterSeconds: 1,
    silence: 0,
    reject: {
      share: 0,
      codes: ['PORTED_OUT', 'PACKAGE_NOT_ELIGIBLE', 'NOT_SUBSCRIBER'],
      decide: 'byRef',
      removes: 'never',
    },
    retryLater: { share: 0, times: 1, code: 'LINE_SUSPENDED', retryAfterSeconds: 1 },
    poison: 0,
    answer: {
      partSize: 0,
      delayMs: { min: 0, max: 0 },
      repeat: 0,
      reorder: 0,
      reorderMs: 250,
      omit: 0,
      contradict: 0,
      unknownBatch: 0,
      shifted: 0,
      badSignature: 0,
      retryForSeconds: 600,
    },
    orders: {
      listeners: 'one',
      loseSubscriptions: 0,
      conflict: 0,
      earlyEvents: 0,
      refuse: 'atOnce',
      filter: 'on',
      page: 100,
    },
    pull: { fetching: 'on', everyMs: 0, pauseMs: 0, gzip: 'on', loses: 0, cut: 0, stale: 0 },
    destinations: { fail: 0, partial: 0, lateMs: 0 },
    duplicateCheck: 'refuses',
    applyOrder: 'asSent',
    parkLimitMs: 60_000,
    statusQuery: 'on',
    maxLines: 0,
  };
}

const WORDS: Record<string, readonly string[]> = {
  'orders.listeners': ['one', 'many'],
  'orders.refuse': ['atOnce', 'later'],
  'orders.filter': ['on', 'off'],
  faultsOn: ['batches', 'everything'],
  'reject.decide': ['byRef', 'atRandom'],
  'reject.removes': ['never', 'too'],
  'pull.fetching': ['on', 'off'],
  'pull.gzip': ['on', 'off'],
  duplicateCheck: ['refuses', 'none'],
  applyOrder: ['asSent', 'inNumberOrder', 'newerSeqOnly'],
  statusQuery: ['on', 'off'],
};

const SHARES = new Set([
  'destinations.fail',
  'destinations.partial',
  'orders.loseSubscriptions',
  'orders.conflict',
  'orders.earlyEvents',
  'silence',
  'poison',
  'reject.share',
  'retryLater.share',
  'answer.repeat',
  'answer.reorder',
  'answer.omit',
  'answer.contradict',
  'answer.unknownBatch',
  'answer.shifted',
  'answer.badSignature',
  'pull.loses',
  'pull.cut',
  'pull.stale',
]);

/** Thrown with the path of the member that is wrong and what may stand there. */
export class DialError extends Error {}

/** A new dial: `dial` with the members of `change` put in. Throws DialError on an unknown member or a wrong value. */
export function turned(dial: Dial, change: unknown): Dial {
  const next = merge(dial, change, '') as Dial;
  for (const span of [next.delayMs, next.answer.delayMs]) {
    if (span.max < span.min) span.max = span.min;
  }
  return next;
}

function merge(base: unknown, change: unknown, path: string): unknown {
  if (change === undefined) return structuredClone(base);
  if (Array.isArray(base)) {
    if (!Array.isArray(change) || change.length === 0 || !change.every((one) => typeof one === 'string')) {
      throw new DialError(`${path} must be a list of at least one text`);
    }
    return [...change];
  }
  if (typeof base === 'object' && base !== null) {
    if (typeof change !== 'object' || change === null || Array.isArray(change)) {
      throw new DialError(`${path || 'the dial'} must be an object with members of ${Object.keys(base).join(', ')}`);
    }
    const unknown = Object.keys(change).find((key) => !Object.hasOwn(base, key));
    if (unknown !== undefined) {
      throw new DialError(`there is no ${path ? `${path}.` : ''}${unknown}; known are ${Object.keys(base).join(', ')}`);
    }
    const given = change as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(base).map(([key, value]) => [key, merge(value, given[key], path ? `${path}.${key}` : key)]),
    );
  }
  return checked(base, change, path);
}

function checked(base: unknown, value: unknown, path: string): unknown {
  if (typeof base === 'number') {
    const share = path.startsWith('faults.') || SHARES.has(path);
    if (typeof value !== 'number' || !(value >= 0) || value === Infinity || (share && value > 1)) {
      throw new DialError(`${path} must be ${share ? 'a share from 0 to 1' : 'a number from 0'}`);
    }
    return value;
  }
  const words = WORDS[path];
  if (typeof value !== 'string' || (words !== undefined && !words.includes(value))) {
    throw new DialError(`${path} must be ${words === undefined ? 'a text' : `one of ${words.join(', ')}`}`);
  }
  return value;
}

/** The fault this occasion meets, or `none`; `chance` is one number in [0, 1). */
export function faultOf(faults: Faults, chance: number): FaultKind | 'none' {
  let sum = 0;
  for (const kind of Object.keys(faults) as FaultKind[]) {
    sum += faults[kind];
    if (chance < sum) return kind;
  }
  return 'none';
}
