// What the database says about a provider's stream, read in one statement for the next decision.
import type { DataSource } from 'typeorm';
import type { HealthState, ProviderProfile } from '#contracts';
import { query } from '#platform';
import { isAway } from './rules/slow-start.js';
import type { OpenBatch, StepRules, StreamView } from './rules/next-step.js';

interface ViewRow {
  now: Date;
  version: number;
  paused_at: Date | null;
  not_before: Date | null;
  waiting_for: string | null;
  last_sealed: Date | null;
  failures: number;
  health: HealthState;
  ramp: number | null;
  maintenance_until: Date | null;
  sealed_seq: number;
  next_number: number;
  last_seq: number;
  open: {
    number: number;
    kind: 'delta' | 'full';
    state: OpenBatch['state'];
    since: number | null;
    asked: number;
    unread: boolean;
    later: boolean;
  }[];
  unsealed_half: boolean;
  full_wanted: number | null;
  push_wanted: boolean;
}

const VIEW = `
SELECT clock_timestamp() AS now, (SELECT p.version FROM provider p WHERE p.provider_id = s.provider_id) AS version, s.paused_at, s.not_before, s.waiting_for, s.failures, s.health, s.ramp, s.sealed_seq, s.next_number, c.last_seq,
  (SELECT max(m.until_at) FROM maintenance m WHERE m.provider_id = s.provider_id AND m.from_at <= now() AND m.until_at > now()) AS maintenance_until,
  coalesce((
    SELECT json_agg(json_build_object('number', b.number, 'kind', b.kind, 'state', b.state, 'asked', b.asked,
        'unread', b.state = 'accepted' AND b.receipt_at IS NULL AND b.heard = 0 AND p.profile ->> 'acknowledgement' = 'files',
        'since', (extract(epoch FROM t.since) + maintained_s(b.provider_id, t.since)) * 1000,
        'later', EXISTS (SELECT 1 FROM batch l WHERE l.provider_id = b.provider_id AND l.number > b.number AND l.handed_at IS NOT NULL)
      ) ORDER BY b.number)
    FROM batch b CROSS JOIN LATERAL (SELECT CASE WHEN b.format = 'thin' AND b.state = 'accepted' AND p.profile ->> 'acknowledgement' = 'pull'
      THEN b.receipt_at ELSE coalesce(b.accepted_at, b.handed_at, b.sealed_at) END AS since) t
    WHERE b.provider_id = s.provider_id AND b.state IN ('sealed', 'handed', 'accepted')), '[]') AS open,
  EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = s.provider_id) AS unsealed_half,
  (SELECT sp.sync_id FROM sync_provider sp JOIN sync USING (sync_id)
   WHERE sp.provider_id = s.provider_id AND sp.ended_at IS NULL AND sync.kind = 'full' AND sp.number IS NULL AND sp.restated_seq IS NULL
   ORDER BY sp.sync_id LIMIT 1) AS full_wanted,
  (SELECT n.sealed_at FROM batch n WHERE n.provider_id = s.provider_id AND n.number = s.next_number - 1) AS last_sealed,
  EXISTS (SELECT 1 FROM push_request p WHERE p.provider_id = s.provider_id) AS push_wanted
FROM provider_stream s JOIN provider_counter c USING (provider_id) JOIN provider p USING (provider_id) WHERE s.provider_id = $1`;

export interface Stream extends StreamView {
  failures: number;
  health: HealthState;
  /** Batches accepted since it came back; null: full pace. */
  ramp: number | null;
  nextNumber: number;
  /** The sync that wants a full list, or null. */
  fullSyncId: number | null;
  pushWanted: boolean;
  /** Of the provider's profile. */
  profileVersion: number;
  /** The opening of the delivery window that is shown as the reason for waiting (milliseconds), or null. */
  shownOpening: number | null;
}

/** How the wait for a window begins in `waiting_for`; it is shown, and judged anew each time. */
export const WINDOW_SHUT = 'the delivery window is shut';

/** @param clock a clock to judge by instead of the database's, in milliseconds */
export async function viewStream(source: DataSource, providerId: number, clock?: () => number): Promise<Stream> {
  const [row] = await query<ViewRow>(source, VIEW, [providerId]);
  if (!row) throw new Error(`provider ${providerId} has no stream`);
  const notBefore = row.not_before?.getTime() ?? null;
  const forWindow = row.waiting_for?.startsWith(WINDOW_SHUT) ?? false;
  return {
    now: clock ? clock() : row.now.getTime(),
    paused: row.paused_at !== null,
    notBefore: forWindow ? null : notBefore,
    shownOpening: forWindow ? notBefore : null,
    failures: row.failures,
    health: row.health,
    ramp: row.ramp,
    canary: isAway(row.failures) || row.ramp === 0,
    maintenanceUntil: row.maintenance_until?.getTime() ?? null,
    sealedSeq: row.sealed_seq,
    nextNumber: row.next_number,
    lastSeq: row.last_seq,
    open: row.open.map((batch) => ({
      number: batch.number,
      kind: batch.kind,
      state: batch.state,
      // It lies in the feed, not fetched: nothing is overdue that the provider does not have.
      since: batch.since ?? Infinity,
      asked: batch.asked,
      receiptAwaited: batch.unread,
      laterHanded: batch.later,
    })),
    unsealedHalf: row.unsealed_half,
    fullListWanted: row.full_wanted !== null,
    fullSyncId: row.full_wanted,
    pushWanted: row.push_wanted,
    profileVersion: row.version,
    lastSealedAt: row.last_sealed?.getTime() ?? null,
  };
}

export function stepRules(profile: ProviderProfile): StepRules {
  return {
    maxInFlight: profile.maxInFlight,
    releasedBy: profile.releasedBy,
    refusesKnownNumbers: profile.refusesKnownNumbers,
    canBeAsked: profile.canBeAsked,
    outcomeDeadlineMs: profile.outcomeDeadlineS * 1000,
    receiptDeadlineMs: profile.receiptDeadlineS * 1000,
    disabled: profile.disabled !== undefined && profile.disabled !== null,
    askEveryMs: profile.askEveryS ? profile.askEveryS * 1000 : null,
    deliveryWindows: profile.deliveryWindows ?? [],
    proofOfLifeAt: profile.proofOfLifeAt ?? null,
  };
}
