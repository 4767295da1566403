// The hub's subscription to a provider's order events as a row, so that workers share it and a crash does not lose its id.
import type { DataSource } from 'typeorm';
import type { ProviderCode } from '#contracts';
import { query } from '#platform';
import type { SubscriptionStore } from './subscription.js';

const LOAD = `
SELECT subscription_id, callback_sha256, renewed_at FROM event_subscription JOIN provider USING (provider_id) WHERE code = $1`;

const SAVE = `
INSERT INTO event_subscription (provider_id, subscription_id, callback_sha256, renewed_at)
SELECT provider_id, $2, $3, $4 FROM provider WHERE code = $1
ON CONFLICT (provider_id) DO UPDATE SET subscription_id = excluded.subscription_id,
  callback_sha256 = excluded.callback_sha256, renewed_at = excluded.renewed_at`;

const FORGET =
  'DELETE FROM event_subscription USING provider p WHERE p.provider_id = event_subscription.provider_id AND code = $1';

export function storedSubscription(source: DataSource, provider: ProviderCode): SubscriptionStore {
  return {
    shared: true,
    async load() {
      const [row] = await query<{ subscription_id: string; callback_sha256: Buffer; renewed_at: Date }>(source, LOAD, [
        provider,
      ]);
      return row
        ? {
            id: row.subscription_id,
            callbackSha256: row.callback_sha256.toString('hex'),
            renewedAt: row.renewed_at.getTime(),
          }
        : null;
    },
    async save(kept) {
      if (!kept) return void (await query(source, FORGET, [provider]));
      await query(source, SAVE, [provider, kept.id, Buffer.from(kept.callbackSha256, 'hex'), new Date(kept.renewedAt)]);
    },
  };
}
