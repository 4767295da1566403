// A provider's health in one word and the sentence why: a plain judgement of what was seen of it lately.
import type { HealthCause, HealthState, KeyEnd, StopCause } from '#contracts';
import { isAway, RAMP_STEPS } from './slow-start.js';

/** What was seen. Times in milliseconds, ages in seconds; maintenance does not count into an age. */
export interface HealthEvidence {
  now: number;
  /** Attempts failed in a row. */
  failures: number;
  /** What the last failure said, while the next attempt is awaited. */
  waitingFor: string | null;
  /** The hub itself stopped sending. */
  stopped: { cause: StopCause; reason: string } | null;
  /** Batches accepted since it came back; null: full pace. */
  ramp: number | null;
  /** Attempts that ended within the hour and since it last came back, the newest 50. */
  attempts: { ended: number; failed: number };
  /** Lines with an outcome in the newest 20 batches of the last day. */
  lines: { answered: number; rejected: number };
  /** Of the newest 20 batches of the last day: how long receipts took, as a median; null without any. */
  receiptMedianS: number | null;
  /** Since the oldest batch without a receipt was handed over; null: none. */
  receiptAwaitedS: number | null;
  /** Since the oldest batch that was accepted and has no outcomes yet; null: none. */
  outcomesAwaitedS: number | null;
  keys: KeyEnd[];
  /** Texts of further open alerts, oldest first. */
  alerts: string[];
}

/** Deadlines in seconds, soft and hard, and whether its profile says that nothing is sent. */
export interface HealthLimits {
  receiptSoftS: number;
  receiptHardS: number;
  outcomeSoftS: number;
  outcomeHardS: number;
  disabled: string | null;
}

export interface JudgedHealth {
  health: HealthState;
  cause: HealthCause;
  /** No try is made until a person has acted. */
  needsPerson: boolean;
  th: string;
  en: string;
}

/** One failure alone is an accident; from so many in a row something is wrong. */
export const DEGRADED_FROM = 2;
/** Share of attempts that fail, from so many attempts on. */
const FAILING = { share: 0.3, from: 10 };
/** Share of lines that are rejected, from so many answered on. */
const REJECTING = { share: 0.2, from: 50 };
const DAY_MS = 86_400_000;
/** Days before its end at which a key degrades the health; earlier it is mentioned. */
const KEY_DAYS = { degrades: 7, mentioned: 30 };

/** The worst that is so decides; the sentence names it. Pure: the same evidence gives the same health. */
export function judgeHealth(seen: HealthEvidence, limits: HealthLimits): JudgedHealth {
  const key = firstKey(seen.keys, seen.now);
  return (
    disabled(limits) ??
    stopped(seen) ??
    transport(seen) ??
    returning(seen) ??
    awaited(seen, limits, 'hard') ??
    rejections(seen) ??
    awaited(seen, limits, 'soft') ??
    delay(seen, limits) ??
    (key && key.days <= KEY_DAYS.degrades ? degraded('keyEnds', key.th, key.en) : null) ??
    alert(seen) ?? {
      health: 'healthy',
      cause: 'none',
      needsPerson: false,
      th: `ปกติ${key ? ` (${key.th})` : ''}`,
      en: `sends and is answered in time${key ? ` (${key.en})` : ''}`,
    }
  );
}

function degraded(cause: HealthCause, th: string, en: string): JudgedHealth {
  return { health: 'degraded', cause, needsPerson: false, th, en };
}

function disabled({ disabled: why }: HealthLimits): JudgedHealth | null {
  if (why === null) return null;
  const [th, en] = [`ปิดการส่งตามโปรไฟล์: ${why}`, `its profile says that nothing is sent: ${why}`];
  return { health: 'disabled', cause: 'profile', needsPerson: false, th, en };
}

function stopped({ stopped: stop }: HealthEvidence): JudgedHealth | null {
  if (!stop) return null;
  return {
    health: 'quarantined',
    cause: stop.cause,
    needsPerson: true,
    th: `ระบบหยุดส่งเอง ต้องมีผู้ตรวจสอบแล้วสั่งปล่อย: ${stop.reason}`,
    en: `stopped by the hub, a person must act and release it: ${stop.reason}`,
  };
}

function transport({ failures, waitingFor, attempts }: HealthEvidence): JudgedHealth | null {
  const why = waitingFor ? ` (${waitingFor})` : '';
  if (isAway(failures)) {
    return {
      health: 'quarantined',
      cause: 'transport',
      needsPerson: false,
      th: `ส่งไม่สำเร็จ ${failures} ครั้งติดต่อกัน ระบบลองด้วยชุดเล็กตามกำหนด${why}`,
      en: `${failures} attempts failed in a row; a canary batch tries it on schedule${why}`,
    };
  }
  if (failures >= DEGRADED_FROM)
    return degraded('transport', `ส่งไม่สำเร็จ ${failures} ครั้งล่าสุด${why}`, `the last ${failures} attempts failed${why}`);
  const { ended, failed } = attempts;
  if (ended < FAILING.from || failed / ended < FAILING.share) return null;
  return degraded(
    'transport',
    `ส่งไม่สำเร็จ ${failed} จาก ${ended} ครั้งล่าสุด${why}`,
    `${failed} of the last ${ended} attempts failed${why}`,
  );
}

function returning({ ramp }: HealthEvidence): JudgedHealth | null {
  if (ramp === null) return null;
  return degraded(
    'returning',
    `กลับมาแล้ว กำลังเพิ่มปริมาณทีละขั้น (${ramp}/${RAMP_STEPS})`,
    `it is back and brought to full pace step by step (${ramp} of ${RAMP_STEPS})`,
  );
}

function awaited(seen: HealthEvidence, limits: HealthLimits, which: 'soft' | 'hard'): JudgedHealth | null {
  const outcomesDue = which === 'hard' ? limits.outcomeHardS : limits.outcomeSoftS;
  const { outcomesAwaitedS: outcomes, receiptAwaitedS: receipt } = seen;
  if (outcomes !== null && outcomes >= outcomesDue) {
    return degraded(
      'silence',
      `ไม่ตอบผลมาแล้ว ${spanTh(outcomes)} กำหนด ${spanTh(limits.outcomeHardS)}`,
      `no outcomes for ${spanEn(outcomes)}, due within ${spanEn(limits.outcomeHardS)}`,
    );
  }
  const receiptDue = which === 'hard' ? limits.receiptHardS : limits.receiptSoftS;
  if (receipt === null || receipt < receiptDue) return null;
  return degraded(
    'delay',
    `ไม่ตอบรับมาแล้ว ${spanTh(receipt)} กำหนด ${spanTh(limits.receiptHardS)}`,
    `no receipt for ${spanEn(receipt)}, due within ${spanEn(limits.receiptHardS)}`,
  );
}

function rejections({ lines: { answered, rejected } }: HealthEvidence): JudgedHealth | null {
  if (answered < REJECTING.from || rejected / answered < REJECTING.share) return null;
  const share = Math.round((100 * rejected) / answered);
  return degraded(
    'rejections',
    `ไม่รับ ${share}% ของรายการที่ตอบล่าสุด`,
    `it rejected ${share} % of the ${answered} lines that it answered lately`,
  );
}

function delay({ receiptMedianS: median }: HealthEvidence, { receiptSoftS }: HealthLimits): JudgedHealth | null {
  if (median === null || median < receiptSoftS) return null;
  return degraded(
    'delay',
    `ตอบรับช้า ปกติ ${spanTh(median)}`,
    `receipts come late: ${spanEn(median)} as a rule, expected within ${spanEn(receiptSoftS)}`,
  );
}

function alert({ alerts }: HealthEvidence): JudgedHealth | null {
  const [first] = alerts;
  if (first === undefined) return null;
  const text = `${first}${alerts.length > 1 ? ` (+${alerts.length - 1})` : ''}`;
  return degraded('alert', text, text);
}

/** What people are told of a key that ends, or null when that is far away. `days` are whole, negative when it is over. */
export function keyEndWords(key: KeyEnd, now: number): { days: number; th: string; en: string } | null {
  const days = Math.floor((key.endsAt.getTime() - now) / DAY_MS);
  if (days > KEY_DAYS.mentioned) return null;
  const day = key.endsAt.toISOString().slice(0, 10);
  const [th, en] = KEY_WORDS[key.purpose] ?? [key.purpose, key.purpose];
  return days < 0
    ? { days, th: `${th} "${key.name}" หมดอายุแล้วเมื่อ ${day}`, en: `${en} "${key.name}" ended on ${day}` }
    : { days, th: `${th} "${key.name}" จะหมดอายุ ${day}`, en: `${en} "${key.name}" ends on ${day}` };
}

const KEY_WORDS: Record<string, readonly [string, string]> = {
  server: ['ใบรับรอง TLS ของผู้ให้บริการ', 'the TLS certificate of its server'],
  tls: ['ใบรับรอง TLS ของเรา', 'our TLS certificate'],
  authority: ['ใบรับรองของผู้ออกใบรับรอง', 'the authority’s certificate'],
  pgpOurs: ['กุญแจ PGP ของเรา', 'our PGP key'],
  pgpTheirs: ['กุญแจ PGP ของผู้ให้บริการ', 'its PGP key'],
  signing: ['กุญแจลงนาม (ใช้ครบหนึ่งปี)', 'the signing secret (a year old then)'],
};

function firstKey(keys: readonly KeyEnd[], now: number): { days: number; th: string; en: string } | null {
  const [first] = keys.toSorted((a, b) => a.endsAt.getTime() - b.endsAt.getTime());
  return first ? keyEndWords(first, now) : null;
}

function spanEn(seconds: number): string {
  return seconds >= 3600
    ? `${(seconds / 3600).toFixed(1)} h`
    : seconds >= 60
      ? `${Math.floor(seconds / 60)} min`
      : `${Math.floor(seconds)} s`;
}

function spanTh(seconds: number): string {
  return seconds >= 3600
    ? `${(seconds / 3600).toFixed(1)} ชั่วโมง`
    : seconds >= 60
      ? `${Math.floor(seconds / 60)} นาที`
      : `${Math.floor(seconds)} วินาที`;
}
