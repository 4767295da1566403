// The one sentence for a whole line, from those of its entries and from what was registered. Plain judgement.
import type { Day } from '#contracts';
import { day, moment } from './said-times.js';
import type { Sentence } from './why-not-free.js';

export interface RegistrationCase {
  state: 'draft' | 'confirmed' | 'cancelled' | 'withdrawn';
  validFrom: Day;
  validTo: Day | null;
}

/** Worst first: what keeps a person waiting is said before what is well. */
const URGENCY: readonly Sentence['free'][] = ['no', 'notYet', 'yes'];

/**
 * The one sentence for the line: of the entries that should be there, the one that is furthest from free; without any,
 * why nothing should be there.
 */
export function whyLine(
  entries: { present: boolean; dueOn: Day | null; sentence: Sentence }[],
  registrations: RegistrationCase[],
  withdrawnAt: Date | null,
  today: Day,
): Sentence {
  const wanted = entries.filter((entry) => entry.present || (entry.dueOn !== null && entry.dueOn > today));
  const first = wanted.toSorted((a, b) => URGENCY.indexOf(a.sentence.free) - URGENCY.indexOf(b.sentence.free))[0];
  if (first) return first.sentence;
  const nothing = { free: 'no' as const, by: null };
  if (withdrawnAt) {
    const at = moment(withdrawnAt);
    return {
      ...nothing,
      next: 'person',
      th: `เจ้าของหมายเลขขอถอนตัวเมื่อ ${at.th} ต้องมีการยืนยันใหม่หลังจากนั้น`,
      en: `The person asked out on ${at.en}; only a newer confirmation brings it back.`,
    };
  }
  if (registrations.some((each) => each.state === 'draft')) {
    return {
      ...nothing,
      next: 'agency',
      th: 'การลงทะเบียนยังเป็นฉบับร่าง หน่วยงานต้องยืนยันก่อนจึงจะส่งได้',
      en: 'The registration is a draft; the agency must confirm it before anything is sent.',
    };
  }
  const ended = registrations.filter(
    (each) => each.state === 'confirmed' && each.validTo !== null && each.validTo < today,
  );
  const last = ended
    .map((each) => each.validTo ?? '')
    .toSorted()
    .at(-1);
  if (last) {
    const on = day(last);
    return {
      ...nothing,
      next: 'agency',
      th: `การลงทะเบียนสิ้นสุดแล้วเมื่อ ${on.th} หน่วยงานต้องลงทะเบียนใหม่หากยังต้องใช้`,
      en: `The last registration ended on ${on.en}; the agency must register it anew if it is still needed.`,
    };
  }
  if (registrations.some((each) => each.state === 'cancelled')) {
    return {
      ...nothing,
      next: 'agency',
      th: 'หน่วยงานยกเลิกการลงทะเบียนแล้ว',
      en: 'The agency took the registration back; it must register the line anew if that was wrong.',
    };
  }
  return {
    ...nothing,
    next: 'agency',
    th: 'ไม่มีการลงทะเบียนของหมายเลขนี้ หน่วยงานต้องลงทะเบียนก่อน',
    en: 'There is no registration of this line; the agency must register it first.',
  };
}
