// What a run of the conformance tool is given, and the shape of one case against a webhook receiver.
import type { ProviderProfile } from '#contracts';
import type { Words } from './faults.js';
import type { Play } from './play.js';

/** Test numbers begin here: the hub's own, in test and live, count from 1 and do not come this far. */
export const FIRST_TEST_NUMBER = 900_000_001;

export interface ConformanceOptions {
  /** The profile, already valid, with the receiver's address in it. */
  profile: ProviderProfile;
  secret: (name: string) => string | undefined;
  /** Where callbacks are listened for; port 0 takes any. */
  listen?: { host: string; port: number };
  /** Where the provider reaches `listen`, for protocols that tell it (TMF641); absent: `http://` and `listen`. */
  callbackBase?: string;
  /** Told when callbacks can come, with the port. */
  listening?: (port: number) => void;
  /** Milliseconds to wait for callbacks and answer files. */
  waitMs: number;
  /** The first batch number, at least; absent: `FIRST_TEST_NUMBER`. */
  firstNumber?: number;
  /** Names of cases to leave out. */
  skip?: readonly string[];
  /** Further certificate authorities in PEM. */
  ca?: string;
  /** Told before each case. */
  progress?: (name: string, about: Words) => void;
}

export interface ReceiverCase {
  name: string;
  about: Words;
  /** Why it cannot be tried with this profile or these lines; null when it can. */
  cannot?(play: Play): Words | null;
  run(play: Play): Promise<void>;
}

export const NEEDS_TWO_LINES: Words = {
  th: 'กรณีนี้ต้องใช้หมายเลขทดสอบสองหมายเลข ระบุเพิ่มใน testLines',
  en: 'This case needs two test lines; name another in testLines.',
};

export const NOT_ASKED: Words = {
  th: 'โปรไฟล์ระบุว่าถามไม่ได้ (canBeAsked)',
  en: 'The profile says that it cannot be asked (canBeAsked).',
};

export const NOT_TRIED: Words = {
  th: 'ไม่ได้ทดสอบ ให้แก้กรณีแรกก่อน',
  en: 'Not tried: the first case has to pass before anything else can be judged.',
};
export const LEFT_OUT: Words = { th: 'ถูกเว้นตามที่สั่ง', en: 'Left out as asked.' };

/** At most so many of the pool: a case needs no more than two. */
export function few(play: Play, count = 2): Play['pool']['subjects'] {
  return play.pool.subjects.slice(0, count);
}
