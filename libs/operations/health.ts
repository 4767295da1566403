// A provider's health in one word and the sentence why: a plain judgement of what its stream and its alerts say.
import type { AlertKind } from '#contracts';
import type { StreamState } from './provider-stream.js';

/**
 * `healthy`: what is sent is answered in time. `degraded`: it works, and something needs looking at. `quarantined`: it
 * failed several times in a row; one waiting batch at a time probes it on the retry schedule. `disabled`: the hub stopped
 * sending, and a person must act. `paused`: a person stopped it.
 */
export type Health = 'healthy' | 'degraded' | 'quarantined' | 'disabled' | 'paused';

export interface JudgedHealth {
  health: Health;
  th: string;
  en: string;
}

/** What is expected of the provider, in seconds. */
export interface HealthLimits {
  receiptDeadlineS: number;
  outcomeDeadlineS: number;
}

export interface OpenAlert {
  kind: AlertKind;
  text: string;
}

/** From so many failures in a row a provider counts as away, not as unlucky. */
export const QUARANTINED_FROM = 5;

/** Name of the actor for what the hub does by itself. */
const HUB = 'system:hub';

/** The worst that is so decides; the sentence names it. */
export function judgeHealth(stream: StreamState, alerts: readonly OpenAlert[], limits: HealthLimits): JudgedHealth {
  if (stream.paused) {
    const { by, reason } = stream.paused;
    return by === HUB
      ? {
          health: 'disabled',
          th: `ระบบหยุดส่งเอง ต้องมีผู้ตรวจสอบ: ${reason}`,
          en: `stopped by the hub, a person must act: ${reason}`,
        }
      : { health: 'paused', th: `${by} สั่งหยุดชั่วคราว: ${reason}`, en: `paused by ${by}: ${reason}` };
  }
  const waiting = stream.waitingFor ? ` (${stream.waitingFor})` : '';
  if (stream.failures >= QUARANTINED_FROM) {
    return {
      health: 'quarantined',
      th: `ส่งไม่สำเร็จ ${stream.failures} ครั้งติดต่อกัน ระบบลองใหม่ตามกำหนด${waiting}`,
      en: `${stream.failures} attempts failed in a row; it is probed on schedule${waiting}`,
    };
  }
  const old = stream.oldestUnacknowledgedS;
  if (old !== null && old > limits.outcomeDeadlineS) {
    return {
      health: 'degraded',
      th: `ไม่ตอบผลมาแล้ว ${hours(old)} ชั่วโมง เกินกำหนด ${hours(limits.outcomeDeadlineS)} ชั่วโมง`,
      en: `no outcomes for ${hours(old)} h, due within ${hours(limits.outcomeDeadlineS)} h`,
    };
  }
  if (stream.failures > 0) {
    return {
      health: 'degraded',
      th: `ส่งครั้งล่าสุดไม่สำเร็จ${waiting}`,
      en: `the last ${stream.failures === 1 ? 'attempt' : `${stream.failures} attempts`} failed${waiting}`,
    };
  }
  const [first] = alerts;
  if (first) {
    const more = alerts.length > 1 ? ` (+${alerts.length - 1})` : '';
    return { health: 'degraded', th: `${first.text}${more}`, en: `${first.text}${more}` };
  }
  return { health: 'healthy', th: 'ปกติ', en: 'sends and is answered in time' };
}

function hours(seconds: number): string {
  return (seconds / 3600).toFixed(1);
}
