// What the conformance tool can find wrong with a provider that pulls, beyond what every style can do wrong.
import type { Words } from './faults.js';

export const PULL_FAULTS = {
  eventRefused: {
    what: { th: 'ไม่รับ event ที่ถูกต้อง', en: 'An event that is right was refused.' },
    todo: {
      th: 'ตอบ 2xx ทันทีที่ลายเซ็นถูกต้อง ก่อนไปอ่าน feed ตรวจว่าความลับ (whsec_) ตรงกัน',
      en: 'Answer 2xx as soon as the signature fits, before you fetch; check that the whsec_ secret is the same on both sides.',
    },
  },
  eventRepeatRefused: {
    what: {
      th: 'event เดิมที่มาอีกครั้ง หรือ event เตือน ไม่ถูกรับ',
      en: 'An event that came a second time, or a reminder, was refused.',
    },
    todo: {
      th: 'ตอบ 2xx หรือ 409 ต่อ event ที่รู้จักแล้ว และอ่าน feed ต่อจาก cursor ของท่าน',
      en: 'Answer 2xx or 409 to an event that you know, and read the feed on from your own cursor.',
    },
  },
  notPulled: {
    what: {
      th: 'ได้รับแจ้งแล้ว แต่ไม่มาอ่าน feed ภายในเวลาที่รอ',
      en: 'It was told, and did not read the feed within the time waited.',
    },
    todo: {
      th: 'ตั้งที่อยู่ของศูนย์กลางเป็นที่อยู่ที่เครื่องมือพิมพ์ไว้ อ่าน GET /v1/feed/{CODE}/pages หลังได้รับแจ้ง หรือเพิ่ม --wait',
      en: 'Set the hub’s address to the one that the tool prints, and fetch GET /v1/feed/{CODE}/pages once you are told; if it needs longer, raise --wait.',
    },
  },
  notReadToEnd: {
    what: {
      th: 'ไม่อ่าน feed จนสุด มีหน้าที่ไม่เคยถูกอ่าน',
      en: 'It did not read the feed to its end: a page was left lying.',
    },
    todo: {
      th: 'อ่านหน้าต่อหน้าจนได้ 204 ไม่ว่า event จะพูดถึงชุดใด event อาจหาย หรือสลับลำดับ',
      en: 'Read page after page until 204, whichever batch an event speaks of: events get lost and change their order.',
    },
  },
  cursorNotTaken: {
    what: {
      th: 'อ่านหน้าแล้วแต่ไม่กลับมาพร้อม cursor ถัดไป ศูนย์กลางจึงไม่ทราบว่ารับแล้ว',
      en: 'A page was fetched, and it never came with the cursor after it: for the hub the page was not received.',
    },
    todo: {
      th: 'เมื่อเก็บหน้าแล้ว ถามหน้าถัดไปด้วย after=<next ของบรรทัดสุดท้าย>',
      en: 'Once the page is stored, ask with after=<next of its last line>.',
    },
  },
  cursorInvented: {
    what: {
      th: 'มาพร้อม cursor ที่ไม่ได้มาจากหน้าที่อ่านจริง',
      en: 'It came with a cursor that is not the one of a page that it had fetched.',
    },
    todo: {
      th: 'ใช้ next ตามที่อยู่ในหน้า ไม่คำนวณเอง และไม่เอาจาก event',
      en: 'Use "next" as it stands in the page; do not count it up and do not take it from an event.',
    },
  },
  feedKeyWrong: {
    what: {
      th: 'อ่าน feed โดยไม่มีคีย์ หรือด้วยคีย์อื่น',
      en: 'The feed was read without a key, or with another one.',
    },
    todo: {
      th: 'ส่ง Authorization: Bearer <คีย์ของท่าน> ในทุกคำขอ และให้คีย์เดียวกันแก่เครื่องมือนี้',
      en: 'Send Authorization: Bearer <your key> with every request, and give this tool the same key.',
    },
  },
  pulledUnproven: {
    what: {
      th: 'event ที่ลายเซ็นผิดถูกปฏิเสธ แต่ทำให้มาอ่าน feed ใครก็ปลุกระบบของท่านได้',
      en: 'An event with a wrong signature was refused and made it read all the same: anybody can wake it.',
    },
    todo: {
      th: 'ตรวจลายเซ็นก่อน แล้วจึงปลุกตัวอ่าน',
      en: 'Verify first, and wake the reader only for an event that is genuine.',
    },
  },
  brokenPageTaken: {
    what: {
      th: 'หน้าที่ขาดตอนหรือเสียหายถูกรับเหมือนครบ',
      en: 'A page that was cut off or changed on its way was taken as if it were whole.',
    },
    todo: {
      th: 'ตรวจบรรทัดสุดท้าย: end, count และ sha256 ของทุกไบต์ก่อนหน้า ก่อนเก็บและก่อนใช้ cursor',
      en: 'Check the last line, "end", "count" and "sha256" over every byte before it, before the page is stored and its cursor used.',
    },
  },
  brokenPageLost: {
    what: {
      th: 'หน้าที่ขาดตอนไม่ถูกอ่านใหม่',
      en: 'A page that was cut off or changed on its way was not fetched again.',
    },
    todo: {
      th: 'อ่านต่อด้วย Range และ If-Range หรืออ่านใหม่ทั้งหน้าด้วย cursor เดิม',
      en: 'Resume it by Range with If-Range, or fetch it anew with the same cursor.',
    },
  },
  gzipNotUnpacked: {
    what: {
      th: 'ขอ gzip แต่ใช้หน้าที่บีบอัดไม่ได้',
      en: 'It asks for gzip and cannot use a page that is compressed.',
    },
    todo: {
      th: 'คลายตาม Content-Encoding หรือไม่ส่ง Accept-Encoding: gzip',
      en: 'Unpack as Content-Encoding says, or do not send Accept-Encoding: gzip.',
    },
  },
  laterNotHeeded: {
    what: {
      th: 'มาใหม่ก่อนเวลาใน Retry-After หลังได้ 429 หรือ 503',
      en: 'After 429 or 503 it came again before the time that Retry-After says.',
    },
    todo: {
      th: 'รออย่างน้อยตามวินาทีใน Retry-After แล้วห่างขึ้นเรื่อย ๆ',
      en: 'Wait at least the seconds of Retry-After, then with growing pauses.',
    },
  },
  laterGivenUp: {
    what: {
      th: 'หลังได้ 429 หรือ 503 ไม่มาอ่านอีก',
      en: 'After 429 or 503 it did not come again.',
    },
    todo: {
      th: 'ถือว่าเป็นเรื่องชั่วคราว มาใหม่ด้วย cursor เดิม',
      en: 'Take it as something that passes, and come again with the same cursor.',
    },
  },
  erasedNotFollowed: {
    what: {
      th: 'เมื่อหน้าถูกลบแล้ว (410) ไม่ไปต่อที่รายการเต็ม',
      en: 'When pages were erased (410) it did not go on at the full list.',
    },
    todo: {
      th: 'ถาม GET /v1/providers/{CODE}/full-list แล้วอ่าน feed ต่อจาก after ของรายการนั้น',
      en: 'Ask GET /v1/providers/{CODE}/full-list, and read the feed on from the "after" of that list.',
    },
  },
} as const satisfies Record<string, { what: Words; todo: Words }>;
