// What the conformance tool can find wrong with a server of TMF641 service orders, beside what all receivers share.
import type { FaultInfo } from '../faults.js';

export const ORDER_FAULTS = {
  hubRefused: {
    what: {
      th: 'POST /hub ไม่ได้ตอบ 201 การสมัครรับ event จึงไม่เกิดขึ้น',
      en: 'POST /hub was not answered with 201: no subscription to events was made.',
    },
    todo: {
      th: 'รับ {"callback", "query"} แล้วตอบ 201 พร้อม id และ callback',
      en: 'Take {"callback", "query"} and answer 201 with id and callback.',
    },
  },
  hubTaken: {
    what: {
      th: 'POST /hub ตอบ 409 แต่ผู้สมัครที่มีอยู่ไม่ใช่เครื่องมือนี้ จึงไม่ได้ยิน event',
      en: 'POST /hub was answered with 409 by a listener that is not this tool’s: its events are not heard.',
    },
    todo: {
      th: 'ลบการสมัครเดิม (DELETE /hub/{id}) หรือใช้ระบบทดสอบแยกต่างหาก',
      en: 'Delete the old subscription (DELETE /hub/{id}), or give the tool a server of its own.',
    },
  },
  hubAnswerUnusable: {
    what: {
      th: 'คำตอบของ POST /hub ไม่มี id หรือ callback',
      en: 'The answer to POST /hub has no id or no callback: the subscription could never be ended.',
    },
    todo: {
      th: 'ตอบ EventSubscription {"id", "callback"} ค่า id เป็นข้อความ callback ตามที่ได้รับ',
      en: 'Answer an EventSubscription {"id", "callback"}, the id as text and the callback as it came.',
    },
  },
  hubNotDeleted: {
    what: { th: 'DELETE /hub/{id} ไม่สำเร็จ', en: 'DELETE /hub/{id} of a subscription that stands failed.' },
    todo: {
      th: 'ตอบ 204 แล้วเลิกส่ง event ไปที่นั้น',
      en: 'Answer 204, and post no event there from then on.',
    },
  },
  eventAfterEnd: {
    what: {
      th: 'ยังมี event มาหลังจากลบการสมัครแล้ว',
      en: 'An event came to a subscription that had been deleted.',
    },
    todo: {
      th: 'เลิกส่งเมื่อได้รับ DELETE /hub/{id} คำสั่งหลังจากนั้นศูนย์กลางจะถามเอง',
      en: 'Stop at DELETE /hub/{id}; the hub looks up what is done afterwards.',
    },
  },
  eventMissing: {
    what: {
      th: 'คำสั่งเสร็จแล้ว (ดูจาก GET) แต่ไม่มี event ภายในเวลาที่รอ',
      en: 'An order is done, as GET shows, and no event told of it within the time waited.',
    },
    todo: {
      th: 'POST ไปที่ {callback}/listener/serviceOrderStateChangeEvent ทุกครั้งที่สถานะสุดท้ายเกิดขึ้น หรือเพิ่ม --wait',
      en: 'Post to {callback}/listener/serviceOrderStateChangeEvent whenever an order reaches its final state; if it needs longer, raise --wait.',
    },
  },
  eventElsewhere: {
    what: {
      th: 'event ถูกส่งไปที่อยู่อื่น ไม่ใช่ที่สมัครไว้ (ขาด token)',
      en: 'An event was posted to another address than the one subscribed: its token is absent or another.',
    },
    todo: {
      th: 'ใช้ callback ตามที่ได้รับทุกตัวอักษร แล้วต่อท้ายด้วย /listener/serviceOrderStateChangeEvent',
      en: 'Use the callback as it came, to the letter, with /listener/serviceOrderStateChangeEvent behind it.',
    },
  },
  eventUnusable: {
    what: { th: 'event อ่านไม่ได้', en: 'An event cannot be used.' },
    todo: {
      th: 'เทียบกับ event ใน docs/providers/dtac.md ต้องมี eventType และ event.serviceOrder ที่มี id externalId state',
      en: 'Compare it with the event in docs/providers/dtac.md: eventType, and event.serviceOrder with id, externalId and state.',
    },
  },
  eventNotStandard: {
    what: {
      th: 'event ไม่เป็นไปตาม TMF641 v4.1.0',
      en: 'An event is not what TMF641 v4.1.0 says.',
    },
    todo: {
      th: 'ตรวจกับ ServiceOrderStateChangeEvent ใน swagger ของ TM Forum',
      en: "Validate your events against ServiceOrderStateChangeEvent of TM Forum's swagger.",
    },
  },
  eventForUnknownOrder: {
    what: {
      th: 'event พูดถึง externalId ที่ไม่เคยส่ง',
      en: 'An event speaks of an externalId that was never sent.',
    },
    todo: { th: 'คืน externalId ตามที่ได้รับ', en: 'Give externalId back as it came.' },
  },
  orderUnusable: {
    what: {
      th: 'คำสั่งที่ตอบกลับมาอ่านไม่ได้ (ไม่ใช่ ServiceOrder ของเรา)',
      en: 'What was answered is no ServiceOrder of ours: no JSON, or id, externalId or state are absent or wrong.',
    },
    todo: {
      th: 'ตอบ application/json ตามตัวอย่างใน docs/providers/dtac.md คืน externalId และ id ของแต่ละ item ตามที่ได้รับ',
      en: 'Answer application/json like the examples in docs/providers/dtac.md, with externalId and the id of each item as they came.',
    },
  },
  orderNotStandard: {
    what: {
      th: 'คำสั่งที่ตอบกลับไม่เป็นไปตาม TMF641 v4.1.0',
      en: 'An order that was answered is not what TMF641 v4.1.0 says.',
    },
    todo: {
      th: 'ตรวจกับ ServiceOrder ใน swagger ของ TM Forum (item ต้องมี id action service)',
      en: "Validate your answers against ServiceOrder of TM Forum's swagger (an item has id, action and service).",
    },
  },
  errorNotStandard: {
    what: {
      th: 'คำตอบที่ปฏิเสธไม่ใช่ Error ของ TMF (ต้องมี code และ reason)',
      en: 'A refusal is no TMF Error: code and reason are required.',
    },
    todo: {
      th: 'ตอบ {"code", "reason", "message", "status", "@type": "Error"} บอกว่าอะไรผิดและอยู่ที่ใด',
      en: 'Answer {"code", "reason", "message", "status", "@type": "Error"} that says what is wrong and where.',
    },
  },
  orderTakenTwice: {
    what: {
      th: 'externalId เดิมถูกรับเป็นคำสั่งใหม่อีกครั้ง',
      en: 'The same externalId was taken as another order.',
    },
    todo: {
      th: 'externalId เป็นกุญแจเดียว เก็บไว้ตลอดไป ซ้ำให้ตอบ 409 หรือคืนคำสั่งเดิม',
      en: 'externalId is the only key: keep it for good, and answer 409, or the order that is there.',
    },
  },
  orderNotFound: {
    what: {
      th: 'คำสั่งที่รับแล้วหาไม่พบด้วย externalId',
      en: 'An order that was taken is not found by its externalId.',
    },
    todo: {
      th: 'GET /serviceOrder?externalId=… ต้องคืนคำสั่งนั้นทันทีที่รับ มิฉะนั้นจะถูกสั่งซ้ำหลังคำตอบหาย',
      en: 'GET /serviceOrder?externalId=… has to find an order from the moment it is taken: else it is ordered again when an answer was lost.',
    },
  },
  orderInvented: {
    what: {
      th: 'หา externalId ที่ไม่เคยส่ง กลับพบคำสั่ง',
      en: 'An externalId that was never sent is found.',
    },
    todo: { th: 'คืนรายการว่าง [] เมื่อไม่มี', en: 'Answer an empty array when there is none.' },
  },
  listUnusable: {
    what: {
      th: 'GET /serviceOrder ไม่ได้คืนรายการ (200 หรือ 206 เป็น array)',
      en: 'GET /serviceOrder does not answer a list: 200 or 206 with an array.',
    },
    todo: {
      th: 'คืน array ของคำสั่งพร้อม X-Total-Count ไม่มีให้คืน [] ไม่ใช่ 404 แต่ละหน้าอาจเล็กกว่า limit',
      en: 'Answer an array of orders with X-Total-Count; none is [] and not 404; pages may be smaller than limit.',
    },
  },
  orderNotShown: {
    what: {
      th: 'GET /serviceOrder/{id} ไม่แสดงคำสั่งที่รับแล้ว',
      en: 'GET /serviceOrder/{id} does not show an order that was taken.',
    },
    todo: {
      th: 'ตอบ 200 พร้อมคำสั่งทั้งหมดตามสถานะปัจจุบัน ศูนย์กลางถามเมื่อ event หาย',
      en: 'Answer 200 with the whole order as it stands: the hub asks when an event was lost.',
    },
  },
  orderNeverDone: {
    what: {
      th: 'คำสั่งไม่ถึงสถานะสุดท้ายภายในเวลาที่รอ ทั้งทาง event และ GET',
      en: 'An order reached no final state within the time waited, neither by event nor by GET.',
    },
    todo: {
      th: 'ให้ทุกคำสั่งจบที่ completed partial failed หรือ rejected หรือเพิ่ม --wait',
      en: 'End every order as completed, partial, failed or rejected; if it needs longer, raise --wait.',
    },
  },
  itemsUnanswered: {
    what: {
      th: 'คำสั่งที่จบแล้วไม่ได้บอกผลของบาง item',
      en: 'A final order says nothing of some of its items.',
    },
    todo: {
      th: 'ใส่ทุก item ในคำสั่งที่เป็น partial หรือ failed พร้อม state ของตน',
      en: 'List every item of an order that is partial or failed, each with its state.',
    },
  },
  partialRefused: {
    what: {
      th: 'คำสั่งที่มี item ดีและไม่ดีถูกปฏิเสธทั้งคำสั่ง',
      en: 'An order with a good item and one that fails was refused as a whole.',
    },
    todo: {
      th: 'ทำ item ที่ดี ให้ item ที่ไม่ได้เป็น failed พร้อม errorMessage และคำสั่งเป็น partial',
      en: 'Do what is good, let the other item be failed with its errorMessage, and the order partial.',
    },
  },
  partialNotSaid: {
    what: {
      th: 'คำสั่งที่บาง item สำเร็จและบาง item ล้มเหลว ไม่ได้เป็น partial',
      en: 'An order of which one item is done and another failed does not say partial.',
    },
    todo: {
      th: 'completed หมายถึงทุก item สำเร็จ failed หมายถึงไม่มี item ใดสำเร็จ ระหว่างนั้นคือ partial',
      en: 'completed means that all items are done, failed that none is; in between it is partial.',
    },
  },
  serviceIdAbsent: {
    what: {
      th: 'add ที่ completed ไม่ได้บอก service.id ของท่าน',
      en: 'A completed add does not tell your service.id.',
    },
    todo: {
      th: 'ใส่ service.id ในทุก item ที่ add หรือ modify สำเร็จ ศูนย์กลางใช้ในการลบ',
      en: 'Tell service.id with every add or modify that is completed: the hub deletes by it.',
    },
  },
  serviceIdChanged: {
    what: {
      th: 'modify สำเร็จ แต่ service.id เปลี่ยนไป',
      en: 'A modify was completed under another service.id than the one that it named.',
    },
    todo: { th: 'แก้บริการเดิมโดยคง id เดิม', en: 'Change the service that is named, and keep its id.' },
  },
  serviceIdUnknown: {
    what: {
      th: 'service.id ที่ท่านบอกไว้ใช้แก้หรือลบไม่ได้ในภายหลัง',
      en: 'A service.id that you told with a completed item is not known afterwards: it cannot be changed or deleted by it.',
    },
    todo: {
      th: 'บอก id ที่ท่านเก็บจริงและใช้ค้นหาได้ จนกว่าจะลบ',
      en: 'Tell the id that the service is kept under, and find it by that id until it is deleted.',
    },
  },
  deleteNotDone: {
    what: {
      th: 'การลบบริการที่มีอยู่ไม่สำเร็จ',
      en: 'A delete of a service that is there failed.',
    },
    todo: {
      th: 'ลบแล้วให้ item เป็น completed service.state เป็น terminated',
      en: 'Remove it and let the item be completed, service.state terminated.',
    },
  },
  absentDeleteRejected: {
    what: {
      th: 'การลบสิ่งที่ไม่มีอยู่ถูกปฏิเสธด้วยรหัสอื่น',
      en: 'A delete of what is not there failed with a code that means something else.',
    },
    todo: {
      th: 'ตอบ failed พร้อมรหัส ALREADY_REMOVED ผลที่ต้องการเป็นจริงแล้ว ไม่ต้องมีใครทำอะไร',
      en: 'Say failed with ALREADY_REMOVED: what is wanted is so already, and nobody has to act.',
    },
  },
  absentModifyCompleted: {
    what: {
      th: 'modify บริการที่ไม่มีอยู่ได้ผลว่าสำเร็จ',
      en: 'A modify of a service that is not there was completed.',
    },
    todo: {
      th: 'ตอบ failed พร้อม SERVICE_NOT_FOUND ศูนย์กลางจะสั่ง add ใหม่ ไม่ต้องสร้างบริการเอง',
      en: 'Say failed with SERVICE_NOT_FOUND: the hub orders it anew with add. Make no service out of a modify.',
    },
  },
  serviceNotFoundUnsaid: {
    what: {
      th: 'modify บริการที่ไม่มีอยู่ล้มเหลวด้วยรหัสอื่น ศูนย์กลางจะลองซ้ำโดยเปล่าประโยชน์',
      en: 'A modify of a service that is not there failed with another code: the hub would try it in vain.',
    },
    todo: {
      th: 'ใช้รหัส SERVICE_NOT_FOUND ใน errorMessage[0].code ของ item นั้น',
      en: 'Put SERVICE_NOT_FOUND into errorMessage[0].code of that item.',
    },
  },
  emptyOrderTaken: {
    what: { th: 'รับคำสั่งที่ไม่มี item', en: 'An order without any item was taken.' },
    todo: {
      th: 'ตอบ 400 พร้อม Error เมื่อ serviceOrderItem ไม่มีหรือว่าง',
      en: 'Answer 400 with an Error when serviceOrderItem is absent or empty.',
    },
  },
  unknownActionTaken: {
    what: {
      th: 'รับ item ที่มี action ที่ไม่รู้จัก',
      en: 'An item with an action that nobody knows was taken.',
    },
    todo: {
      th: 'รับเฉพาะ add modify delete อย่างอื่นตอบ 400 ทั้งคำสั่ง',
      en: 'Take add, modify and delete only; refuse the order with 400 otherwise.',
    },
  },
  malformedOrderTaken: {
    what: {
      th: 'รับคำสั่งที่เสียหรือขาดช่องที่จำเป็น',
      en: 'An order that is broken, or lacks what is required, was taken.',
    },
    todo: {
      th: 'ตรวจ JSON externalId และ id service ของทุก item ก่อนทำ แล้วตอบ 400 ทั้งคำสั่ง',
      en: 'Check JSON, externalId, and id and service of every item before anything is done; refuse the whole with 400.',
    },
  },
  mediaTypeIgnored: {
    what: {
      th: 'รับคำสั่งที่ Content-Type ไม่ใช่ JSON',
      en: 'An order whose Content-Type is not JSON was taken.',
    },
    todo: {
      th: 'ตอบ 415 (หรือ 400) เมื่อไม่ใช่ application/json',
      en: 'Answer 415 (or 400) to anything but application/json.',
    },
  },
  largeOrderRefused: {
    what: {
      th: 'ไม่รับคำสั่งที่มี item เท่า maxLines ของโปรไฟล์',
      en: 'An order with as many items as maxLines of the profile was refused.',
    },
    todo: {
      th: 'เพิ่มขนาด body ที่รับได้ (ราว 700 ไบต์ต่อ item) ทั้งที่ gateway หรือขอให้ ONDE ลด maxLines',
      en: 'Raise the body limit, also at the gateway (about 700 bytes an item), or ask ONDE to lower maxLines.',
    },
  },
  credentialsNotChecked: {
    what: {
      th: 'รับคำสั่งที่ไม่มีข้อมูลยืนยันตัวตนที่โปรไฟล์กำหนด',
      en: 'An order without the credentials that the profile names was taken.',
    },
    todo: {
      th: 'ตรวจ API key, token หรือใบรับรองของทุกคำขอ ไม่มีหรือผิดให้ตอบ 401',
      en: 'Check the API key, token or certificate of every request; answer 401 when it is absent or wrong.',
    },
  },
} as const satisfies Record<string, FaultInfo>;
