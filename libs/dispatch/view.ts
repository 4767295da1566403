// What the database says about a provider's stream, read in one statement for the next decision.
import type { DataSource } from 'typeorm';
import type { ProviderProfile } from '#contracts';
import { query } from '#platform';
import type { OpenBatch, StepRules, StreamView } from './rules/next-step.js';

interface ViewRow {
  now: Date;
  paused_at: Date | null;
  not_before: Date | null;
  failures: number;
  sealed_seq: number;
  next_number: number;
  last_seq: number;
  open: {
    number: number;
    kind: 'delta' | 'full';
    state: OpenBatch['state'];
    since: number;
    asked: number;
    later: boolean;
  }[];
  unsealed_half: boolean;
  full_wanted: number | null;
  push_wanted: boolean;
}

const VIEW = `
SELECT clock_timestamp() AS now, s.paused_at, s.not_before, s.failures, s.sealed_seq, s.next_number, c.last_seq,
  coalesce((
    SELECT json_agg(json_build_object('number', b.number, 'kind', b.kind, 'state', b.state, 'asked', b.asked,
        'since', extract(epoch FROM coalesce(b.accepted_at, b.handed_at, b.sealed_at)) * 1000,
        'later', EXISTS (SELECT 1 FROM batch l WHERE l.provider_id = b.provider_id AND l.number > b.number AND l.handed_at IS NOT NULL)
      ) ORDER BY b.number)
    FROM batch b WHERE b.provider_id = s.provider_id AND b.state IN ('sealed', 'handed', 'accepted')), '[]') AS open,
  EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = s.provider_id) AS unsealed_half,
  (SELECT sp.sync_id FROM sync_provider sp JOIN sync USING (sync_id)
   WHERE sp.provider_id = s.provider_id AND sp.ended_at IS NULL AND sync.kind = 'full' AND sp.number IS NULL
   ORDER BY sp.sync_id LIMIT 1) AS full_wanted,
  EXISTS (SELECT 1 FROM push_request p WHERE p.provider_id = s.provider_id) AS push_wanted
FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.provider_id = $1`;

export interface Stream extends StreamView {
  failures: number;
  nextNumber: number;
  /** The sync that wants a full list, or null. */
  fullSyncId: number | null;
  pushWanted: boolean;
}

export async function viewStream(source: DataSource, providerId: number): Promise<Stream> {
  const [row] = await query<ViewRow>(source, VIEW, [providerId]);
  if (!row) throw new Error(`provider ${providerId} has no stream`);
  return {
    now: row.now.getTime(),
    paused: row.paused_at !== null,
    notBefore: row.not_before?.getTime() ?? null,
    failures: row.failures,
    sealedSeq: row.sealed_seq,
    nextNumber: row.next_number,
    lastSeq: row.last_seq,
    open: row.open.map((batch) => ({
      number: batch.number,
      kind: batch.kind,
      state: batch.state,
      since: batch.since,
      asked: batch.asked,
      laterHanded: batch.later,
    })),
    unsealedHalf: row.unsealed_half,
    fullListWanted: row.full_wanted !== null,
    fullSyncId: row.full_wanted,
    pushWanted: row.push_wanted,
  };
}

export function stepRules(profile: ProviderProfile): StepRules {
  return {
    maxInFlight: profile.maxInFlight,
    releasedBy: profile.releasedBy,
    refusesKnownNumbers: profile.refusesKnownNumbers,
    canBeAsked: profile.canBeAsked,
    outcomeDeadlineMs: profile.outcomeDeadlineS * 1000,
  };
}
