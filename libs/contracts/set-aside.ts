// Answers that cannot be used: the closed table of reasons. What is set aside moves nothing; it is counted and shown.
import { Problem, type ProblemItem } from './problem.js';

interface SetAsideInfo {
  th: string;
  en: string;
  /** What the provider (or whoever holds its keys) does about it. */
  remedy: { th: string; en: string };
}

export const SET_ASIDE_REASONS = {
  unsigned: {
    th: 'ไม่มีลายเซ็น หรือส่วนหัวของลายเซ็นไม่ครบ',
    en: 'It carries no signature.',
    remedy: {
      th: 'ส่ง webhook-id, webhook-timestamp และ webhook-signature ทุกครั้ง',
      en: 'Send webhook-id, webhook-timestamp and webhook-signature with every message.',
    },
  },
  signatureWrong: {
    th: 'ลายเซ็นไม่ถูกต้อง',
    en: 'No signature fits.',
    remedy: {
      th: 'ลงลายเซ็นบนเนื้อหาดิบด้วยความลับของผู้ให้บริการเอง และตรวจว่าทั้งสองฝ่ายใช้ความลับชุดเดียวกัน',
      en: 'Sign the raw body with the provider’s own secret; compare which secret both sides hold.',
    },
  },
  clockWrong: {
    th: 'เวลาของข้อความห่างจากเวลาของศูนย์กลางเกินกำหนด',
    en: 'Its timestamp is too far from the hub’s clock.',
    remedy: {
      th: 'ตั้งนาฬิกาให้ตรง และลงลายเซ็นใหม่ทุกครั้งที่ส่ง',
      en: 'Set the clock, and sign anew for each attempt.',
    },
  },
  tooLarge: {
    th: 'ใหญ่เกินกำหนด ไม่ว่าก่อนหรือหลังคลายการบีบอัด',
    en: 'It is too large, as sent or unpacked.',
    remedy: {
      th: 'แบ่งคำตอบเป็นหลายข้อความ โดยระบุ first และ last',
      en: 'Answer in several messages, each with "first" and "last".',
    },
  },
  notReadable: {
    th: 'อ่านไม่ได้: ขาดตอน ไม่ใช่ JSON หรือเป็นหน้าเว็บ',
    en: 'It cannot be read: cut off, a page of HTML, or of another kind.',
    remedy: {
      th: 'ส่ง JSON ที่สมบูรณ์เป็น UTF-8 พร้อม Content-Type ที่ถูกต้อง และตรวจพร็อกซีที่อยู่ระหว่างทาง',
      en: 'Send whole JSON in UTF-8 with the right Content-Type; look for a proxy in between.',
    },
  },
  notUsable: {
    th: 'อ่านได้ แต่ไม่เป็นไปตามสัญญา',
    en: 'It can be read, but is not what the contract says.',
    remedy: {
      th: 'แก้ตามรายการข้อผิดพลาดในคำตอบ แล้วส่งใหม่',
      en: 'Correct what the answer lists and send it again.',
    },
  },
  wrongProvider: {
    th: 'ลงลายเซ็นโดยผู้ให้บริการรายหนึ่ง แต่กล่าวถึงอีกรายหนึ่ง',
    en: 'It is signed by one provider and speaks of another.',
    remedy: {
      th: 'ส่งไปยังที่อยู่ของตนเอง และใส่รหัสของตนใน data.provider',
      en: 'Post to your own address, with your own code in data.provider.',
    },
  },
  repeatDiffers: {
    th: 'webhook-id เดิมแต่เนื้อหาต่างไป',
    en: 'Its webhook-id was used before with other content.',
    remedy: {
      th: 'ใช้ webhook-id ใหม่สำหรับข้อความใหม่ และใช้ค่าเดิมเฉพาะเมื่อส่งซ้ำ',
      en: 'A new message has a new webhook-id; only a repeat keeps it.',
    },
  },
  unknownBatch: {
    th: 'ไม่มีชุดเลขนี้ หรือชุดนี้ไม่ได้ส่งถึงผู้ให้บริการ',
    en: 'It answers a batch that was not handed over, or was refused.',
    remedy: {
      th: 'ตอบด้วยเลขชุดที่ได้รับจริง',
      en: 'Answer with the number of the batch that was received.',
    },
  },
  otherBytes: {
    th: 'ตอบสำหรับเนื้อหาที่ต่างจากที่ส่งไป',
    en: 'It answers other bytes than were sent.',
    remedy: {
      th: 'เทียบ sha256 ของชุดที่ได้รับกับของศูนย์กลาง ขอชุดเดิมอีกครั้งได้',
      en: 'Compare the sha256 of what was received; the batch can be fetched again.',
    },
  },
  outside: {
    th: 'กล่าวถึงลำดับที่ไม่มีในชุด',
    en: 'It speaks of positions that the batch does not have.',
    remedy: {
      th: 'ลำดับเริ่มจาก 1 ถึงจำนวนรายการในชุด',
      en: 'Positions run from 1 to the count of the batch.',
    },
  },
  shifted: {
    th: 'ลำดับกับรหัสอ้างอิงไม่คู่กัน',
    en: 'Position and ref do not belong together.',
    remedy: {
      th: 'ตอบด้วย n และ ref ของรายการเดียวกัน ตามที่ได้รับ',
      en: 'Answer each line with the n and ref it came with.',
    },
  },
  contradictsReceipt: {
    th: 'ปฏิเสธทั้งชุดหลังจากตอบผลรายรายการไปแล้ว',
    en: 'The batch was refused as a whole after lines of it had been answered.',
    remedy: {
      th: 'ตอบผลรายรายการต่อไป ชุดที่ตอบแล้วปฏิเสธทั้งชุดไม่ได้',
      en: 'Go on answering line by line: a batch that was answered cannot be refused.',
    },
  },
  file: {
    th: 'ไฟล์คำตอบใช้ไม่ได้',
    en: 'An answer file cannot be used.',
    remedy: {
      th: 'อ่านไฟล์ .reason.txt ข้างไฟล์นั้น แก้ไข แล้ววางใหม่',
      en: 'Read the .reason.txt beside the file, correct it and put it there again.',
    },
  },
  snapshot: {
    th: 'รายการทั้งหมดที่ส่งมาใช้ไม่ได้ จึงไม่มีการแก้ไขหรือลบรายการใด',
    en: 'A whole list cannot be believed; nothing was repaired and nothing removed.',
    remedy: {
      th: 'เขียนรายการใหม่ให้ครบตาม docs/providers/snapshots.md',
      en: 'Write the list anew, whole, as docs/providers/snapshots.md says.',
    },
  },
} as const satisfies Record<string, SetAsideInfo>;

export type SetAsideReason = keyof typeof SET_ASIDE_REASONS;

export const SET_ASIDE_ORDER = Object.keys(SET_ASIDE_REASONS) as SetAsideReason[];

/** One answer, or a part of one, that is set aside. `detail` holds no line, circuit or id. */
export interface SetAside {
  reason: SetAsideReason;
  /** The batch that it names; null when it names none, or when nothing it says was verified. */
  number: number | null;
  /** What exactly is wrong, in words. */
  detail: string;
  /** Lines that it spoke of, at least 1. */
  items: number;
}

/** Keeps what is set aside (station operations); never throws, since bad input must not become a fault of ours. */
export interface SetAsideBook {
  note(providerId: number, entry: SetAside): Promise<void>;
}
export const SET_ASIDE_BOOK = Symbol('SetAsideBook');

/** A message of a provider that is refused as a whole: a problem that says what to do, and what is set aside. */
export class AnswerRefused extends Problem {
  readonly setAside: SetAside;

  /** @param about what is set aside; `detail` is what was wrong, for the list, when the answer's words say more */
  constructor(
    status: number,
    type: string,
    title: string,
    detail: string,
    about: { reason: SetAsideReason; number?: number; detail?: string; items?: number; errors?: ProblemItem[] },
  ) {
    const { th, remedy } = SET_ASIDE_REASONS[about.reason];
    super(status, type, title, detail, {
      detailTh: `${th} ${remedy.th}`,
      ...(about.errors ? { errors: about.errors } : {}),
    });
    this.setAside = {
      reason: about.reason,
      number: about.number ?? null,
      detail: about.detail ?? detail,
      items: about.items ?? 1,
    };
  }
}
