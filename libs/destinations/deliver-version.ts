// Delivering: one try at one provider, recorded before and after.
import type { DataSource } from 'typeorm';
import type { AdapterRegistry, DeliveryWindow, Destination, DestinationsResult, DestinationVersion } from '#contracts';
import { alone, faultPoint, inTransaction, type ProviderDirectory, type ProviderRow, query } from '#platform';
import { afterDelivery } from './after-delivery.js';
import { diffLists } from './list.js';

/** One key a provider, above those of other stations. */
export const DELIVERY_LOCK = 7_240_400;

export interface DelivererParts {
  source: DataSource;
  adapters: AdapterRegistry;
  directory: ProviderDirectory;
  /** When it may be sent: null for at once, else the moment in milliseconds at which the next window opens. */
  nextOpening: (windows: readonly DeliveryWindow[] | undefined, now: number) => number | null;
  clock: () => Date;
}

export interface DeliveredList {
  provider: string;
  version: number;
  result: DestinationsResult['result'] | 'notMyTurn' | 'windowClosed';
}

interface DueRow {
  number: number | null;
  since: number | null;
  state: string;
  attempts: number;
  failures: number;
  looks: number;
  effective_at: Date;
  published_at: Date;
  sha256: string;
  entries: Destination[];
  before: Destination[] | null;
  memory: unknown;
}

const DUE = `
SELECT d.number, CASE WHEN d.number IS NULL THEN p.acknowledged ELSE d.since END AS since, d.state, d.attempts, d.failures,
  coalesce(extract(epoch FROM now() - (
    SELECT max(started_at) FROM destination_attempt t WHERE t.provider_id = d.provider_id AND t.version = d.version)), 0)::int AS looks, v.effective_at, v.published_at, v.sha256, v.entries, b.entries AS before, p.memory
FROM destination_delivery d JOIN destination_version v USING (version) JOIN destination_provider p USING (provider_id)
JOIN provider_stream s USING (provider_id)
LEFT JOIN destination_version b ON b.version = CASE WHEN d.number IS NULL THEN p.acknowledged ELSE d.since END
WHERE d.provider_id = $1 AND d.version = $2 AND d.state IN ('waiting', 'told') AND s.paused_at IS NULL
  AND (d.not_before IS NULL OR d.not_before <= $3)`;

/** Numbers a message at its first try, with the version its diff is counted from; both stay for good. */
const BEGIN = `
WITH numbered AS (
  UPDATE destination_provider p SET last_number = last_number + 1
  FROM destination_delivery d WHERE d.provider_id = p.provider_id AND p.provider_id = $1 AND d.version = $2 AND d.number IS NULL
  RETURNING p.last_number, p.acknowledged)
UPDATE destination_delivery SET attempts = attempts + 1,
  number = coalesce((SELECT last_number FROM numbered), number),
  since = CASE WHEN number IS NULL THEN (SELECT acknowledged FROM numbered) ELSE since END
WHERE provider_id = $1 AND version = $2 RETURNING number, attempts`;

export class ListDeliverer {
  constructor(private readonly parts: DelivererParts) {}

  /** Does one try if it is due and nobody else is at it. Never throws for what a provider did. */
  async deliver(code: string, version: number, signal: AbortSignal): Promise<DeliveredList> {
    const provider = this.parts.directory.byCode(code);
    const key = DELIVERY_LOCK + provider.providerId;
    const result = await alone(this.parts.source, key, () => this.oneTry(provider, version, signal));
    return { provider: code, version, result: result === 'taken' ? 'notMyTurn' : result };
  }

  private async oneTry(provider: ProviderRow, version: number, signal: AbortSignal): Promise<DeliveredList['result']> {
    const { source, adapters, clock, nextOpening } = this.parts;
    const { providerId, profile } = provider;
    const [due] = await query<DueRow>(source, DUE, [providerId, version, clock()]);
    if (!due) return 'notMyTurn';
    // Looking for an answer is no hand-over: the morning after a nightly window is when it is there.
    const opens = due.state === 'told' ? null : nextOpening(profile.deliveryWindows, clock().getTime());
    if (opens !== null) {
      await query(
        source,
        `UPDATE destination_delivery SET not_before = $3, detail = 'waits for the delivery window' WHERE provider_id = $1 AND version = $2`,
        [providerId, version, new Date(opens)],
      );
      return 'windowClosed';
    }
    const told = due.state === 'told';
    const [begun] = told
      ? [{ number: due.number ?? 0, attempts: due.attempts }]
      : await this.begin(providerId, version);
    if (!begun) return 'notMyTurn';
    await faultPoint('destinations.begun');
    const adapter = adapters.get(provider.code);
    const result: DestinationsResult = adapter.sendDestinations
      ? await adapter.sendDestinations(
          versionFor(version, due),
          { number: begun.number, told, memory: due.memory },
          signal,
        )
      : { result: 'forbidden', detail: 'its profile takes no destination lists', status: null };
    await faultPoint('destinations.sent');
    await this.write(provider, version, due, begun.attempts, told, result);
    await faultPoint('destinations.recorded');
    return result.result;
  }

  private begin(providerId: number, version: number): Promise<{ number: number; attempts: number }[]> {
    return inTransaction(this.parts.source, async (tx) => {
      const rows = await tx.query<{ number: number; attempts: number }>(BEGIN, [providerId, version]);
      // One whose process died: what the provider made of it is unknown, and every form may be sent again.
      await tx.query(
        `UPDATE destination_attempt SET ended_at = now(), result = 'lost' WHERE provider_id = $1 AND version = $2 AND ended_at IS NULL`,
        [providerId, version],
      );
      await tx.query('INSERT INTO destination_attempt (provider_id, version, attempt_no) VALUES ($1, $2, $3)', [
        providerId,
        version,
        rows[0]?.attempts,
      ]);
      return rows;
    });
  }

  private async write(
    { providerId, profile }: ProviderRow,
    version: number,
    due: DueRow,
    attempt: number,
    wasTold: boolean,
    result: DestinationsResult,
  ): Promise<void> {
    const now = this.parts.clock();
    const step = afterDelivery(
      result,
      profile,
      { failures: due.failures, wasTold, looks: Math.floor(Math.log2(1 + due.looks)) },
      now,
      Math.random(),
    );
    await inTransaction(this.parts.source, async (tx) => {
      const status = 'status' in result ? result.status : null;
      await tx.query(
        `UPDATE destination_attempt SET ended_at = $4, result = $5, status = $6, detail = $7
         WHERE provider_id = $1 AND version = $2 AND attempt_no = $3 AND ($8 OR ended_at IS NULL)`,
        [providerId, version, attempt, now, result.result, status, step.detail, step.counts],
      );
      // An acknowledgement that came by another way in the meantime stays.
      await tx.query(
        `UPDATE destination_delivery SET state = $3, not_before = $4, failures = $5, detail = $6,
           told_at = CASE WHEN $3 IN ('told', 'offered', 'acknowledged') THEN coalesce(told_at, $7) ELSE told_at END,
           acknowledged_at = CASE WHEN $3 = 'acknowledged' THEN $7 ELSE acknowledged_at END
         WHERE provider_id = $1 AND version = $2 AND state IN ('waiting', 'told')`,
        [providerId, version, step.state, step.notBefore, step.failures, step.detail, now],
      );
      if ('memory' in result && result.memory !== undefined) {
        await tx.query('UPDATE destination_provider SET memory = $2 WHERE provider_id = $1', [
          providerId,
          JSON.stringify(result.memory),
        ]);
      }
      if (result.result === 'acknowledged') {
        await tx.query(
          'UPDATE destination_provider SET acknowledged = $2, enforced_since = $3 WHERE provider_id = $1',
          [providerId, version, result.enforcedSince ?? now],
        );
      }
    });
  }
}

function versionFor(version: number, due: DueRow): DestinationVersion {
  return {
    version,
    since: due.since,
    effectiveAt: due.effective_at,
    publishedAt: due.published_at,
    sha256: due.sha256,
    entries: due.entries,
    ...diffLists(due.before ?? [], due.entries),
  };
}
