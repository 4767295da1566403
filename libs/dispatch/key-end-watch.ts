// Watches when certificates and keys of a provider end: kept for its health, alerted 30, 7 and 1 days before.
import type { DataSource } from 'typeorm';
import type { AdapterRegistry, Alerts, KeyEnd } from '#contracts';
import { inTransaction, query } from '#platform';
import { keyEndWords } from './rules/health.js';
import type { SweepTask } from './sweeper.js';

/** How often adapters are asked, in milliseconds; a change of the profile or its keys asks at once. */
const EVERY_MS = 600_000;

/** A signing secret never ends; after a year it should be changed. Made when? In its row. */
const SIGNING = `
SELECT 'signing' AS purpose, s.name, s.created_at + interval '365 days' AS "endsAt" FROM secret s WHERE s.name = ANY($1::text[])`;

interface Watch {
  source: DataSource;
  adapters: AdapterRegistry;
  alerts: Alerts;
}

/** The sweep task. Raised again at 30, 7 and 1 days with other words, so that each is seen; over when the key is changed. */
export function watchKeyEnds({ source, adapters, alerts }: Watch): SweepTask {
  const asked = new Map<number, { at: number; version: number }>();
  return async ({ providerId, code, profile }) => {
    const last = asked.get(providerId);
    const version = adapters.version(code);
    if (last && last.version === version && Date.now() - last.at < EVERY_MS) return;
    asked.set(providerId, { at: Date.now(), version });
    const keys = [
      ...((await adapters.get(code).keyEnds?.()) ?? []),
      ...(await query<KeyEnd>(source, SIGNING, [profile.secrets.signing])),
    ];
    const gone = await keep(source, providerId, keys);
    const now = Date.now();
    for (const key of keys) {
      const alert = { kind: 'keyExpires', providerId, subject: `${key.purpose}:${key.name}` } as const;
      const words = keyEndWords(key, now);
      if (!words) await alerts.clear(alert);
      else await alerts.raise({ ...alert, text: `${words.en}; ${urgency(words.days)}` });
    }
    for (const subject of gone) await alerts.clear({ kind: 'keyExpires', providerId, subject });
  };
}

/** The steps at which the words change; `saphan provider rotate` makes or takes the next key. */
function urgency(days: number): string {
  if (days < 0) return 'nothing can be sent with it: change it now';
  if (days <= 1) return 'a day is left: change it now';
  return days <= 7 ? 'a week is left: change it this week' : 'within 30 days: plan the change with the provider';
}

/** Replaces what was known; returns the subjects of what is not there any more. */
function keep(source: DataSource, providerId: number, keys: KeyEnd[]): Promise<string[]> {
  return inTransaction(source, async (tx) => {
    const had = await tx.query<{ subject: string }>(
      `SELECT purpose || ':' || name AS subject FROM provider_key_end WHERE provider_id = $1`,
      [providerId],
    );
    await tx.query('DELETE FROM provider_key_end WHERE provider_id = $1', [providerId]);
    for (const { purpose, name, endsAt } of keys) {
      await tx.query(
        `INSERT INTO provider_key_end (provider_id, purpose, name, ends_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (provider_id, purpose, name) DO UPDATE SET ends_at = least(provider_key_end.ends_at, excluded.ends_at)`,
        [providerId, purpose, name, endsAt],
      );
    }
    const has = new Set(keys.map((key) => `${key.purpose}:${key.name}`));
    return had.map((row) => row.subject).filter((subject) => !has.has(subject));
  });
}
