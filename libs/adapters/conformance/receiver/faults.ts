// The closed table of what the conformance tool can find wrong with a provider's receiver: what it means and what to do.
import { ORDER_FAULTS } from './orders/order-faults.js';
import { PULL_FAULTS } from './pull-faults.js';

/** One sentence in both languages. */
export interface Words {
  th: string;
  en: string;
}

export interface FaultInfo {
  what: Words;
  todo: Words;
}

export const FAULTS = {
  notReachable: {
    what: { th: 'ติดต่อระบบรับไม่ได้', en: 'The receiver cannot be reached.' },
    todo: {
      th: 'เปิดระบบรับ ตรวจที่อยู่ใน --target ใบรับรอง และไฟร์วอลล์',
      en: 'Start the receiver; check the address in --target, its certificate and the firewall.',
    },
  },
  noAnswer: {
    what: {
      th: 'ระบบรับไม่ตอบให้ครบภายในเวลาที่ตกลงไว้',
      en: 'The receiver gave no whole answer within the time agreed.',
    },
    todo: {
      th: 'ตอบทุกคำขอภายใน timeoutMs ของโปรไฟล์ เก็บข้อมูลก่อน แล้วตอบ งานที่นานให้ทำทีหลัง (202 กับ callback)',
      en: 'Answer every request within timeoutMs of the profile: store, answer, and do long work afterwards (202 and a callback).',
    },
  },
  answerNotContract: {
    what: {
      th: 'คำตอบไม่เป็นไปตามสัญญา (ไม่ใช่ JSON ที่กำหนด หรือค่าผิด)',
      en: 'The answer is not one of the contract: no JSON object, or members that are absent or wrong.',
    },
    todo: {
      th: 'ตอบเป็น application/json ตามตาราง "Answers" ใน docs/providers ตรวจว่าไม่มี proxy หรือหน้าเข้าสู่ระบบตอบแทน',
      en: 'Answer application/json as the table of answers in docs/providers says; see that no proxy or log-in page answers instead.',
    },
  },
  statusWrong: {
    what: {
      th: 'รหัสสถานะ HTTP ไม่ใช่รหัสที่สัญญากำหนดสำหรับกรณีนี้',
      en: 'The HTTP status is not the one that the contract has for this case.',
    },
    todo: {
      th: 'ใช้ 401 เมื่อลายเซ็นผิด 400 หรือ 422 เมื่ออ่านไม่ได้ 5xx ทำให้ศูนย์กลางต้องถามใหม่',
      en: 'Say 401 to a wrong signature and 400 or 422 to what cannot be read; 5xx makes the hub ask what became of it.',
    },
  },
  goodRefused: {
    what: { th: 'ไม่รับชุดข้อมูลที่ถูกต้อง', en: 'A batch that is right was refused.' },
    todo: {
      th: 'เทียบกับตัวอย่างใน docs/providers ทีละช่อง ตรวจความลับ (whsec_) ว่าตรงกัน และเซ็นบนไบต์ก่อนบีบอัด',
      en: 'Compare with the example in docs/providers field by field; check that the whsec_ secret is the same and that the signature is verified over the raw bytes after decompression.',
    },
  },
  testLineRejected: {
    what: { th: 'หมายเลขทดสอบที่ท่านระบุเองถูกปฏิเสธ', en: 'A test line that the provider itself named was rejected.' },
    todo: {
      th: 'เปิดหมายเลขทดสอบในระบบทดสอบ หรือแจ้งหมายเลขอื่นใน testLines',
      en: 'Provision the named test lines in the test system, or name others in testLines.',
    },
  },
  outcomesAbsent: {
    what: {
      th: 'รับชุดข้อมูลแล้ว แต่ไม่มี outcomes ในคำตอบ ทั้งที่โปรไฟล์เป็นแบบ response',
      en: 'The batch was taken, but the answer has no outcomes although the profile says "response".',
    },
    todo: {
      th: 'ใส่ outcomes ในคำตอบ 200 หรือขอให้ ONDE เปลี่ยนเป็น callback',
      en: 'Put outcomes into the 200 answer, or ask ONDE to set the acknowledgement to "callback".',
    },
  },
  outcomesIncomplete: {
    what: { th: 'บางตำแหน่งไม่มีผลลัพธ์', en: 'Some positions of the batch got no outcome.' },
    todo: {
      th: 'ตอบทุกตำแหน่ง ใช้ default กับช่วง first ถึง last หรือระบุใน except',
      en: 'Answer every position: by default with first and last, or one by one in except.',
    },
  },
  positionsWrong: {
    what: {
      th: 'ผลลัพธ์อ้างตำแหน่ง (n) ที่ไม่ได้ส่ง หรือ ref ไม่ตรงกับตำแหน่งนั้น',
      en: 'An outcome speaks of a position (n) that was not sent, or its ref is not the one of that position.',
    },
    todo: {
      th: 'คืน n และ ref ตามที่ได้รับของบรรทัดเดียวกัน n เริ่มที่ 1',
      en: 'Give n and ref back as they came, both of the same line; n counts from 1.',
    },
  },
  outcomesContradict: {
    what: {
      th: 'ตำแหน่งเดียวกันได้ผลลัพธ์ที่ขัดกัน',
      en: 'The same position got outcomes that contradict each other.',
    },
    todo: {
      th: 'ส่งผลลัพธ์สุดท้ายเพียงอย่างเดียวต่อบรรทัด ส่งซ้ำได้แต่ต้องเหมือนเดิม',
      en: 'Say one final outcome per line; it may be repeated, but always the same.',
    },
  },
  repeatedTakenAgain: {
    what: {
      th: 'ชุดข้อมูลหมายเลขเดิม ไบต์เดิม ถูกรับและทำซ้ำอีกครั้ง',
      en: 'The same number with the same bytes was taken a second time.',
    },
    todo: {
      th: 'จำหมายเลขและ SHA-256 ที่เคยรับ (แม้เริ่มระบบใหม่) แล้วตอบ 409 receipt "known" พร้อม sha256',
      en: 'Remember every number with its SHA-256, also over a restart, and answer 409 with receipt "known" and sha256.',
    },
  },
  hashAbsent: {
    what: {
      th: 'ไม่ได้บอก sha256 ของสิ่งที่รับไว้',
      en: 'The answer does not tell the SHA-256 of what was received under the number.',
    },
    todo: {
      th: 'ใส่ sha256 (ฐานสิบหก 64 ตัว) ของ body ที่คลายบีบอัดแล้ว มิฉะนั้นต้องมีคนตรวจเมื่อคำตอบหาย',
      en: 'Add sha256, 64 hexadecimal digits over the uncompressed body; without it a person must look when an answer was lost.',
    },
  },
  hashWrong: {
    what: {
      th: 'sha256 ไม่ใช่ของไบต์ที่ส่งครั้งแรกใต้หมายเลขนั้น',
      en: 'The SHA-256 told is not the one of the bytes that came first under that number.',
    },
    todo: {
      th: 'คำนวณบนไบต์ดิบหลังคลายบีบอัด (หลายส่วนให้ต่อกันตามลำดับ) ไม่ใช่บน JSON ที่แปลงใหม่',
      en: 'Hash the raw bytes after decompression (of several parts one after another), not JSON that was written anew.',
    },
  },
  otherBytesTaken: {
    what: {
      th: 'หมายเลขที่เคยรับแล้วถูกรับอีกครั้งทั้งที่เนื้อหาต่างไป',
      en: 'A number that was known was taken again with other content.',
    },
    todo: {
      th: 'ตอบ 409 พร้อม sha256 ของสิ่งที่รับครั้งแรก และไม่ทำอะไรกับเนื้อหาใหม่',
      en: 'Answer 409 with the SHA-256 of what came first, and do nothing with the new content.',
    },
  },
  orderRefused: {
    what: {
      th: 'ชุดข้อมูลที่มาสลับลำดับไม่ถูกรับ',
      en: 'Batches that arrived in another order than their numbers were not both taken.',
    },
    todo: {
      th: 'รับทุกหมายเลขที่ยังไม่รู้จัก ไม่ว่าจะมาเมื่อใด เมื่อส่งหลายชุดพร้อมกันลำดับอาจสลับ',
      en: 'Take every number that is not known yet, whenever it comes: with several in flight the order may change on the way.',
    },
  },
  olderAppliedOverNewer: {
    what: {
      th: 'การเปลี่ยนแปลงเก่า (seq ต่ำกว่า) ทับของใหม่ ทั้งที่โปรไฟล์ระบุว่าใช้ตามลำดับ',
      en: 'An older change (lower seq) was applied over a newer one, although the profile says that it applies in order.',
    },
    todo: {
      th: 'เก็บ seq ล่าสุดของแต่ละ ref และไม่ใช้ seq ที่ต่ำกว่า (ตอบ already) หรือแก้ appliesInOrder เป็น false',
      en: 'Keep the highest seq of each ref and pass over lower ones (answer "already"), or have appliesInOrder set to false.',
    },
  },
  malformedTaken: {
    what: {
      th: 'ข้อความที่เสียถูกรับเหมือนถูกต้อง',
      en: 'A message that is broken was taken as if it were right.',
    },
    todo: {
      th: 'ตรวจ JSON ค่า subject และ provider จำนวน count ให้ตรงกับ lines ก่อนใช้ แล้วตอบ 400 หรือ 422 ทั้งชุด',
      en: 'Check JSON, subject and provider, and count against lines before anything is applied; refuse the whole with 400 or 422.',
    },
  },
  refusedRemembered: {
    what: {
      th: 'หมายเลขที่ปฏิเสธทั้งชุดถูกจำว่ารับแล้ว',
      en: 'A number whose message was refused as a whole is known afterwards.',
    },
    todo: {
      th: 'จำหมายเลขเมื่อรับแล้วเท่านั้น หมายเลขเดียวกันที่ถูกต้องต้องรับได้',
      en: 'Remember a number only when its batch was taken; the right batch under that number must still be taken.',
    },
  },
  unknownFieldRefused: {
    what: { th: 'ไม่รับข้อความที่มีช่องเพิ่ม', en: 'A message with further members was refused.' },
    todo: {
      th: 'ข้ามช่องที่ไม่รู้จัก สัญญารุ่น 1.x เพิ่มช่องได้เสมอ',
      en: 'Pass over members that you do not know: versions 1.x of the contract may add some at any time.',
    },
  },
  unsignedTaken: {
    what: {
      th: 'รับข้อความที่ไม่มีลายเซ็น (ไม่มี webhook-signature)',
      en: 'A message without a signature (no webhook-signature) was taken.',
    },
    todo: { th: 'ตอบ 401 เมื่อขาดหัวข้อใดหัวข้อหนึ่งในสามข้อ', en: 'Answer 401 when one of the three headers is absent.' },
  },
  badSignatureTaken: {
    what: {
      th: 'รับข้อความที่ลายเซ็นผิด ใครก็ส่งข้อมูลแทนศูนย์กลางได้',
      en: 'A message with a wrong signature was taken: anybody could speak for the hub.',
    },
    todo: {
      th: 'ตรวจ HMAC-SHA256 ของ id.timestamp.body ด้วยความลับที่ตกลง ก่อนอ่าน body แล้วตอบ 401',
      en: 'Verify HMAC-SHA256 over id.timestamp.body with the agreed secret before the body is read, and answer 401.',
    },
  },
  staleTaken: {
    what: {
      th: 'รับข้อความที่เวลา (webhook-timestamp) ห่างเกิน 5 นาที ข้อความที่ถูกดักไว้จึงส่งซ้ำได้',
      en: 'A message whose webhook-timestamp is more than 5 minutes away was taken: a recorded one could be played again.',
    },
    todo: {
      th: 'เทียบกับนาฬิกาของท่าน (NTP) เกิน 300 วินาทีทั้งสองทางให้ตอบ 401',
      en: 'Compare it with your clock (NTP) and answer 401 beyond 300 seconds either way.',
    },
  },
  rotationRefused: {
    what: {
      th: 'ไม่รับข้อความที่มีหลายลายเซ็นซึ่งลายเซ็นหนึ่งถูกต้อง การเปลี่ยนความลับจะทำให้หยุดชะงัก',
      en: 'A message with several signatures of which one fits was refused: a change of secrets would stop everything.',
    },
    todo: {
      th: 'แยก webhook-signature ด้วยช่องว่าง รับเมื่อมี v1 อันใดอันหนึ่งถูกต้อง',
      en: 'Split webhook-signature at spaces and take the message when any v1 signature fits.',
    },
  },
  largeRefused: {
    what: {
      th: 'ไม่รับชุดข้อมูลที่ใหญ่เท่า maxLines ของโปรไฟล์',
      en: 'A batch as large as the maxLines of the profile was refused.',
    },
    todo: {
      th: 'เพิ่มขนาด body ที่รับได้ (ราว 250 ไบต์ต่อบรรทัด) ทั้งที่ gateway หรือขอให้ ONDE ลด maxLines',
      en: 'Raise the body limit, also at the gateway (about 250 bytes a line), or ask ONDE to lower maxLines.',
    },
  },
  gzipRefused: {
    what: {
      th: 'ไม่รับ body ที่บีบอัดด้วย gzip ทั้งที่โปรไฟล์ระบุว่ารับ',
      en: 'A body compressed by gzip was refused, although the profile says that it is taken.',
    },
    todo: {
      th: 'คลายบีบอัดตาม Content-Encoding ก่อนตรวจลายเซ็น หรือขอให้ ONDE ตั้ง gzip เป็น false',
      en: 'Decompress as Content-Encoding says before the signature is verified, or ask ONDE to set gzip to false.',
    },
  },
  removalRejected: {
    what: {
      th: 'การลบสิ่งที่ไม่มีอยู่ถูกปฏิเสธ',
      en: 'A removal of what is not there was rejected.',
    },
    todo: {
      th: 'ตอบ already (หรือ applied) ผลที่ต้องการคือไม่มีอยู่ ซึ่งเป็นจริงแล้ว',
      en: 'Answer "already" (or "applied"): what is wanted is that it is not there, and that is so.',
    },
  },
  fullListRefused: {
    what: { th: 'ไม่รับรายการเต็มที่มาหลายส่วน', en: 'A full list in several parts was not taken.' },
    todo: {
      th: 'รับ kind "full" ทีละส่วนใต้หมายเลขเดียวกัน แต่ละส่วนมี webhook-id ของตน แล้วแทนที่เมื่อส่วนสุดท้ายมาถึง',
      en: 'Take kind "full" part by part under one number, each with its own webhook-id, and replace everything when the last one is here.',
    },
  },
  fullListNotRemoved: {
    what: {
      th: 'หลังรายการเต็ม บรรทัดที่ไม่อยู่ในรายการยังคงอยู่',
      en: 'After a full list, a line that is not on it is still there.',
    },
    todo: {
      th: 'เมื่อส่วนสุดท้ายมาถึง ให้ลบทุกบรรทัดที่ไม่อยู่ในรายการ',
      en: 'When the last part is here, remove everything that the list does not name.',
    },
  },
  statusUnknown: {
    what: {
      th: 'ถามหมายเลขที่เพิ่งรับ ได้คำตอบว่าไม่รู้จัก',
      en: 'Asked for a number that was just taken, the receiver does not know it.',
    },
    todo: {
      th: 'ตอบ GET /whitelist/batches/{batch} ด้วย 200 batch state และ sha256 หรือขอให้ตั้ง canBeAsked เป็น false',
      en: 'Answer GET /whitelist/batches/{batch} with 200, batch, state and sha256, or have canBeAsked set to false.',
    },
  },
  statusInvented: {
    what: {
      th: 'ถามหมายเลขที่ไม่เคยส่ง ได้คำตอบว่ามี หรือตอบไม่ชัด',
      en: 'Asked for a number that was never sent, the receiver did not say 404.',
    },
    todo: {
      th: 'ตอบ 404 ด้วย JSON เมื่อไม่เคยได้รับ ศูนย์กลางจะส่งใหม่เฉพาะเมื่อได้คำตอบนี้',
      en: 'Answer 404 with JSON for what never came: only then the hub sends it again.',
    },
  },
  highestWrong: {
    what: {
      th: 'GET /whitelist/state ไม่ได้บอกหมายเลขสูงสุดที่รับไว้',
      en: 'GET /whitelist/state does not tell the highest number that was taken.',
    },
    todo: {
      th: 'ตอบ provider และ highestBatch เป็นหมายเลขสูงสุดที่รับ',
      en: 'Answer provider and highestBatch, the highest number that was taken.',
    },
  },
  callbackMissing: {
    what: {
      th: 'ไม่มี callback ของบางบรรทัดภายในเวลาที่รอ',
      en: 'No callback came for some lines within the time waited.',
    },
    todo: {
      th: 'ส่งไปที่ {ที่อยู่ที่เครื่องมือพิมพ์ไว้}/v1/providers/{CODE}/acknowledgements หรือเพิ่ม --wait',
      en: 'Post to {the address that the tool prints}/v1/providers/{CODE}/acknowledgements; if it needs longer, raise --wait.',
    },
  },
  callbackNotVerified: {
    what: { th: 'ลายเซ็นของ callback ไม่ถูกต้อง', en: 'The signature of a callback does not fit.' },
    todo: {
      th: 'เซ็น id.timestamp.body บนไบต์ดิบด้วยความลับของท่านเอง (ไม่ใช่ของศูนย์กลาง) และเซ็นใหม่ทุกครั้งที่ส่ง',
      en: "Sign id.timestamp.body over the raw bytes with your own secret (not the hub's), anew for each try.",
    },
  },
  callbackUnreadable: {
    what: { th: 'callback ใช้ไม่ได้', en: 'A callback cannot be used.' },
    todo: {
      th: 'เทียบกับตัวอย่าง callback ใน docs/providers/true.md',
      en: 'Compare it with the callback in docs/providers/true.md.',
    },
  },
  callbackForUnknownBatch: {
    what: {
      th: 'callback พูดถึงหมายเลขที่ไม่เคยส่ง',
      en: 'A callback speaks of a batch number that was never sent.',
    },
    todo: { th: 'คืนค่า data.batch ตามที่ได้รับ', en: 'Give data.batch back as it came.' },
  },
  callbackNotRepeated: {
    what: {
      th: 'เมื่อศูนย์กลางตอบ 503 ต่อ callback ไม่มีการส่งใหม่ ผลลัพธ์จะหาย',
      en: 'A callback that was answered 503 did not come again: its outcomes would be lost.',
    },
    todo: {
      th: 'เก็บ callback ไว้และส่งใหม่จนกว่าจะได้ 2xx หรือ 4xx เริ่มห่างกันไม่กี่วินาที',
      en: 'Keep a callback and send it again until 2xx or 4xx is the answer, the first time within seconds.',
    },
  },
  receiptMissing: {
    what: {
      th: 'ไม่มีไฟล์ใบรับ (ACK) ภายในเวลาที่รอ',
      en: 'No file receipt (ACK) came within the time waited.',
    },
    todo: {
      th: 'เขียน TWAH_ACK_… พร้อม .manifest.json ลงใน inbound/ หรือเพิ่ม --wait',
      en: 'Write TWAH_ACK_… with its .manifest.json into inbound/; if it needs longer, raise --wait.',
    },
  },
  answerFileUnusable: {
    what: { th: 'ไฟล์คำตอบใช้ไม่ได้', en: 'An answer file cannot be used.' },
    todo: {
      th: 'เทียบกับตัวอย่างไฟล์ใน docs/providers/cat.md ชื่อ ขนาด และ SHA-256 ต้องตรงกับ manifest',
      en: 'Compare it with the files in docs/providers/cat.md; name, size and SHA-256 must be those of its manifest.',
    },
  },
  copyNotSaid: {
    what: {
      th: 'ไฟล์เดิมที่ส่งซ้ำไม่ได้รับคำตอบว่า COPY',
      en: 'A file that came a second time was not answered with COPY.',
    },
    todo: {
      th: 'หมายเลขเดิมและไบต์เดิมให้เขียน ACK ว่า COPY และไม่ทำซ้ำ',
      en: 'Write an ACK with COPY for the same number and bytes, and apply nothing again.',
    },
  },
  charsetWrong: {
    what: {
      th: 'ไม่รับไฟล์ที่มีอักษรไทย',
      en: 'A file with Thai letters was refused.',
    },
    todo: {
      th: 'อ่านด้วยชุดอักขระของโปรไฟล์ (transport.charset) และคำนวณ SHA-256 บนไบต์ ไม่ใช่บนข้อความที่แปลงแล้ว',
      en: 'Read it in the charset of the profile (transport.charset), and hash its bytes, not text that was converted.',
    },
  },
  fileUnprovenTaken: {
    what: {
      th: 'รับไฟล์ที่ไม่ได้เซ็นด้วยกุญแจ PGP ของศูนย์กลาง ใครก็ส่งข้อมูลแทนศูนย์กลางได้',
      en: "A file that was not signed by the hub's PGP key was taken: anybody could speak for the hub.",
    },
    todo: {
      th: 'ตรวจว่าผู้เซ็นเป็นกุญแจของศูนย์กลางก่อนอ่าน แล้วตอบ REJECTED ด้วย E108',
      en: "Check that the signer is one of the hub's keys before anything is read, and answer REJECTED with E108.",
    },
  },
  ...PULL_FAULTS,
  ...ORDER_FAULTS,
} as const satisfies Record<string, FaultInfo>;

export type Fault = keyof typeof FAULTS;
