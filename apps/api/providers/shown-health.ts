// A provider's health as people see it: what was judged, and in its stead maintenance or a person's pause.
import type { HealthRow, Maintenance } from '#dispatch';
import type { StreamState } from '#operations';
import { HUB_ACTOR_NAME } from '#platform';

export const SHOWN_HEALTH = ['healthy', 'degraded', 'quarantined', 'disabled', 'paused', 'maintenance'] as const;

export interface ShownHealth {
  health: (typeof SHOWN_HEALTH)[number];
  /** A word of HEALTH_CAUSES, `person` for a pause, `planned` for maintenance. */
  healthCause: string;
  needsPerson: boolean;
  healthTh: string;
  healthEn: string;
  healthSince: Date | null;
}

/** @param judged null: no worker has looked yet */
export function shownHealth(
  paused: StreamState['paused'],
  maintenance: Maintenance | undefined,
  judged: HealthRow | undefined,
): ShownHealth {
  if (maintenance) {
    const until = maintenance.until.toISOString();
    return {
      health: 'maintenance',
      healthCause: 'planned',
      needsPerson: false,
      healthTh: `ปิดปรับปรุงตามแผนถึง ${until} (${maintenance.by}: ${maintenance.reason})`,
      healthEn: `in maintenance until ${until} (${maintenance.by}: ${maintenance.reason})`,
      healthSince: maintenance.from,
    };
  }
  if (paused && paused.by !== HUB_ACTOR_NAME) {
    const [th, en] = paused.until
      ? [` ถึง ${paused.until.toISOString()}`, ` until ${paused.until.toISOString()}`]
      : ['', ''];
    return {
      health: 'paused',
      healthCause: 'person',
      needsPerson: false,
      healthTh: `${paused.by} สั่งหยุดชั่วคราว${th}: ${paused.reason}`,
      healthEn: `paused by ${paused.by}${en}: ${paused.reason}`,
      healthSince: paused.at,
    };
  }
  // The stop is there at once, the judgement with the next look.
  if (paused && !judged?.needsPerson) {
    return {
      health: 'quarantined',
      healthCause: 'refusesBatches',
      needsPerson: true,
      healthTh: `ระบบหยุดส่งเอง ต้องมีผู้ตรวจสอบแล้วสั่งปล่อย: ${paused.reason}`,
      healthEn: `stopped by the hub, a person must act and release it: ${paused.reason}`,
      healthSince: paused.at,
    };
  }
  if (!judged) {
    return {
      health: 'healthy',
      healthCause: 'none',
      needsPerson: false,
      healthTh: 'ยังไม่มีการประเมิน',
      healthEn: 'not judged yet',
      healthSince: null,
    };
  }
  return {
    health: judged.health,
    healthCause: judged.cause,
    needsPerson: judged.needsPerson,
    healthTh: judged.th,
    healthEn: judged.en,
    healthSince: judged.since,
  };
}
