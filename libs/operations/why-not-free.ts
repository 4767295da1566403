// One sentence for the person at the desk: why a line is (not) free, who acts next, and by when. Plain judgement.
import { RESULT_CODES, type Day, type Owner } from '#contracts';
import { meaningOf } from './exceptions.js';
import type { EntryStanding } from './line-standing.js';
import { day, moment } from './said-times.js';

/** Who acts next; `nobody` when there is nothing to do. */
export type Actor = Owner | 'ops' | 'person';

export interface Sentence {
  free: 'yes' | 'notYet' | 'no';
  th: string;
  en: string;
  /** Who must do something now. */
  next: Actor;
  /** Until when that should have happened, or null when there is no such time. */
  by: Date | null;
}

export interface EntryCase {
  nameTh: string;
  nameEn: string;
  present: boolean;
  validFrom: Day | null;
  validTo: Day | null;
  dueOn: Day | null;
  standing: EntryStanding;
  paused: { reason: string } | null;
  /** The provider is waited for until then (retry pause, rate limit). */
  notBefore: Date | null;
  receiptDeadlineS: number;
  outcomeDeadlineS: number;
}

function after(from: Date | null, seconds: number): Date | null {
  return from === null ? null : new Date(from.getTime() + seconds * 1000);
}

function byWords(by: Date | null): { th: string; en: string } {
  if (by === null) return { th: '', en: '' };
  const at = moment(by);
  return { th: ` ภายใน ${at.th} น.`, en: ` by ${at.en}` };
}

/** The sentence for one entry. Pure: the clock is passed in as the day in Bangkok. */
export function whyNotFree(each: EntryCase, today: Day): Sentence {
  const { nameTh, nameEn, standing } = each;
  if (!each.present) return whyGone(each, today);
  switch (standing.standing) {
    case 'applied': {
      if (each.validFrom !== null && each.validFrom > today) {
        const from = day(each.validFrom);
        return {
          free: 'notYet',
          next: 'nobody',
          by: null,
          th: `${nameTh} รับรายการแล้ว เริ่มใช้ฟรีวันที่ ${from.th}`,
          en: `${nameEn} has it; it is free from ${from.en}.`,
        };
      }
      return { free: 'yes', next: 'nobody', by: null, th: `ใช้ฟรีได้แล้วที่ ${nameTh}`, en: `It is free at ${nameEn}.` };
    }
    case 'inFlight':
      return whyInFlight(each, standing.batch.acceptedAt, standing.batch.handedAt ?? standing.batch.sealedAt);
    case 'pending':
    case 'never':
      return whyPending(each);
    case 'waiting':
      return {
        free: 'notYet',
        next: 'provider',
        by: null,
        th: `รอคำตอบของรายการก่อนหน้าจาก ${nameTh} แล้วระบบจะส่งรายการล่าสุดให้เอง`,
        en: `An earlier change of this line has no answer from ${nameEn} yet; the hub sends the latest one as soon as it has.`,
      };
    case 'retrying': {
      const at = standing.nextAt ? moment(standing.nextAt) : { th: 'ตามกำหนด', en: 'its next turn' };
      const why = standing.code ? RESULT_CODES[standing.code] : meaningOf('retrying', null);
      return {
        free: 'notYet',
        next: 'hub',
        by: standing.nextAt,
        th: `${nameTh} ขอให้ส่งใหม่ (${why.th}) ระบบจะส่งอีกครั้งเวลา ${at.th}`,
        en: `${nameEn} asked to be tried again (${stripped(why.en)}); the hub does so at ${at.en}.`,
      };
    }
    case 'rejected': {
      const why = meaningOf('rejected', standing.code);
      return {
        free: 'no',
        next: why.owner,
        by: null,
        th: `${nameTh} ไม่รับ: ${why.th} ${WHO_ACTS[why.owner].th}`,
        en: `${nameEn} rejected it: ${stripped(why.en)}; ${WHO_ACTS[why.owner].en}`,
      };
    }
    case 'held':
      return {
        free: 'no',
        next: 'onde',
        by: null,
        th: `พักไว้ที่ศูนย์ สดช. รอการอนุมัติก่อนส่งให้ ${nameTh}`,
        en: `It is held for ONDE's approval before ${nameEn} is told.`,
      };
    case 'uncertain':
      return {
        free: 'notYet',
        next: 'ops',
        by: null,
        th: `${nameTh} ยังไม่ยืนยันว่าดำเนินการแล้วหรือไม่ ผู้ดูแลระบบต้องสอบถาม ${nameTh}`,
        en: `Nobody knows whether ${nameEn} applied it; ops must ask ${nameEn}.`,
      };
  }
}

/** Who must act, said at the end of a sentence. */
export const WHO_ACTS: Record<Owner, { th: string; en: string }> = {
  nobody: { th: 'ไม่ต้องดำเนินการ', en: 'nothing needs to be done.' },
  hub: { th: 'ระบบจะดำเนินการเอง', en: 'the hub goes on by itself.' },
  provider: { th: 'ผู้ให้บริการต้องดำเนินการ', en: 'the provider must act.' },
  onde: { th: 'สดช. ต้องตรวจสอบ', en: 'ONDE must look into it.' },
  agency: {
    th: 'หน่วยงานต้องตรวจสอบหมายเลขและแพ็กเกจแล้วส่งใหม่',
    en: 'the agency must check the number and tariff and send it again.',
  },
};

function stripped(sentence: string): string {
  return sentence.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase());
}

function whyInFlight(each: EntryCase, acceptedAt: Date | null, sentAt: Date): Sentence {
  const { nameTh, nameEn } = each;
  if (acceptedAt) {
    const by = after(acceptedAt, each.outcomeDeadlineS);
    return {
      free: 'notYet',
      next: 'provider',
      by,
      th: `${nameTh} รับข้อมูลแล้ว รอผลการดำเนินการจาก ${nameTh}${byWords(by).th}`,
      en: `${nameEn} has received it and must report the outcome${byWords(by).en}.`,
    };
  }
  if (each.paused) return whyPaused(each, each.paused.reason);
  const by = after(sentAt, each.receiptDeadlineS);
  if (each.notBefore) {
    const at = moment(each.notBefore);
    return {
      free: 'notYet',
      next: 'hub',
      by: each.notBefore,
      th: `ส่งถึง ${nameTh} ยังไม่สำเร็จ ระบบจะลองใหม่เวลา ${at.th}`,
      en: `It has not reached ${nameEn} for certain; the hub tries again at ${at.en}.`,
    };
  }
  return {
    free: 'notYet',
    next: 'provider',
    by,
    th: `ส่งให้ ${nameTh} แล้ว รอการตอบรับ${byWords(by).th}`,
    en: `It was sent to ${nameEn}, which must confirm the receipt${byWords(by).en}.`,
  };
}

function whyPaused({ nameTh, nameEn }: EntryCase, reason: string): Sentence {
  return {
    free: 'notYet',
    next: 'ops',
    by: null,
    th: `หยุดส่งข้อมูลให้ ${nameTh} ชั่วคราว (${reason}) ผู้ดูแลระบบต้องเปิดการส่งอีกครั้ง`,
    en: `Sending to ${nameEn} is paused (${reason}); ops must resume it.`,
  };
}

function whyPending(each: EntryCase): Sentence {
  const { nameTh, nameEn } = each;
  if (each.paused) return whyPaused(each, each.paused.reason);
  if (each.notBefore) {
    const at = moment(each.notBefore);
    return {
      free: 'notYet',
      next: 'hub',
      by: each.notBefore,
      th: `รอส่งให้ ${nameTh} ระบบจะลองใหม่เวลา ${at.th}`,
      en: `It waits to be sent to ${nameEn}; the hub tries again at ${at.en}.`,
    };
  }
  return {
    free: 'notYet',
    next: 'hub',
    by: null,
    th: `อยู่ในคิวรอส่งให้ ${nameTh} ระบบจะส่งตามลำดับโดยไม่ต้องดำเนินการ`,
    en: `It is in the queue for ${nameEn}; the hub sends it in its turn.`,
  };
}

function whyGone(each: EntryCase, today: Day): Sentence {
  const { nameTh, nameEn, standing } = each;
  if (each.dueOn !== null && each.dueOn > today) {
    const from = day(each.dueOn);
    return {
      free: 'notYet',
      next: 'hub',
      by: new Date(`${each.dueOn}T00:00:00+07:00`),
      th: `การลงทะเบียนเริ่มวันที่ ${from.th} ระบบจะแจ้ง ${nameTh} ในวันนั้น`,
      en: `The registration begins on ${from.en}; the hub tells ${nameEn} on that day.`,
    };
  }
  if (standing.standing === 'applied' || standing.standing === 'never') {
    return {
      free: 'no',
      next: 'nobody',
      by: null,
      th: `ไม่มีการลงทะเบียนที่ยังมีผล และ ${nameTh} นำออกแล้ว`,
      en: `No registration is in force, and ${nameEn} has removed it.`,
    };
  }
  const stuck = whyStillThere(each);
  return {
    free: 'no',
    th: `ไม่มีการลงทะเบียนที่ยังมีผล ${stuck.th}`,
    en: `No registration is in force; ${stuck.en}`,
    next: stuck.next,
    by: stuck.by,
  };
}

/** What keeps a removal from being done, as the second half of a sentence. */
function whyStillThere({ nameTh, nameEn, standing, paused }: EntryCase): Omit<Sentence, 'free'> {
  switch (standing.standing) {
    case 'uncertain':
      return {
        next: 'ops',
        by: null,
        th: `แต่ ${nameTh} ยังไม่ยืนยันว่านำออกแล้วหรือไม่ ผู้ดูแลระบบต้องสอบถาม ${nameTh}`,
        en: `nobody knows whether ${nameEn} removed it; ops must ask ${nameEn}.`,
      };
    case 'held':
      return {
        next: 'onde',
        by: null,
        th: `การนำออกจาก ${nameTh} ถูกพักไว้ รอการอนุมัติของ สดช.`,
        en: `its removal at ${nameEn} is held for ONDE's approval.`,
      };
    case 'rejected': {
      const why = meaningOf('rejected', standing.code);
      return {
        next: why.owner,
        by: null,
        th: `แต่ ${nameTh} ไม่ยอมนำออก: ${why.th} ${WHO_ACTS[why.owner].th}`,
        en: `${nameEn} refused to remove it: ${stripped(why.en)}; ${WHO_ACTS[why.owner].en}`,
      };
    }
    case 'retrying': {
      const at = standing.nextAt ? moment(standing.nextAt) : { th: 'ตามกำหนด', en: 'its next turn' };
      return {
        next: 'hub',
        by: standing.nextAt,
        th: `${nameTh} ขอให้ส่งการนำออกใหม่ ระบบจะส่งอีกครั้งเวลา ${at.th}`,
        en: `${nameEn} asked to be told again; the hub does so at ${at.en}.`,
      };
    }
    default:
      return {
        next: paused ? 'ops' : 'hub',
        by: null,
        th: `กำลังนำออกจาก ${nameTh}`,
        en: `it is being removed at ${nameEn}.`,
      };
  }
}
