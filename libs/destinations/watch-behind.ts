// Lagging: a provider that does not enforce the version in force within its limit is told of, until it does.
import type { DataSource } from 'typeorm';
import type { Alerts } from '#contracts';
import { query, type ProviderRow } from '#platform';
import { readPolicy } from './policy.js';

interface Lag {
  version: number;
  in_force_at: Date;
  state: string | null;
  detail: string | null;
  acknowledged: number | null;
}

const LAG = `
SELECT v.version, v.in_force_at, d.state, d.detail, p.acknowledged
FROM (SELECT version, in_force_at FROM destination_version WHERE in_force_at IS NOT NULL ORDER BY effective_at DESC, version DESC LIMIT 1) v
LEFT JOIN destination_delivery d ON d.version = v.version AND d.provider_id = $1
LEFT JOIN destination_provider p ON p.provider_id = $1`;

export type Behind = { behind: 'no' } | { behind: 'withinLimit' } | { behind: 'yes'; text: string };

/** @param behindAfterS seconds that a provider may take */
export function judgeLag(lag: Lag | undefined, behindAfterS: number, now: Date): Behind {
  if (!lag || lag.acknowledged === lag.version) return { behind: 'no' };
  const seconds = (now.getTime() - lag.in_force_at.getTime()) / 1000;
  if (seconds < behindAfterS) return { behind: 'withinLimit' };
  const has = lag.acknowledged === null ? 'no list' : `version ${lag.acknowledged}`;
  const why = lag.detail ?? (lag.state === 'offered' ? 'it has not fetched it' : 'it has not acknowledged it');
  return { behind: 'yes', text: `version ${lag.version} is in force, and it enforces ${has}: ${why}` };
}

export async function watchBehind(
  source: DataSource,
  alerts: Alerts,
  { providerId, profile }: ProviderRow,
  now: Date,
): Promise<void> {
  const alert = { kind: 'destinationsBehind', providerId, subject: 'destinations' } as const;
  const [lag] = profile.destinations ? await query<Lag>(source, LAG, [providerId]) : [];
  const judged = judgeLag(lag, lag ? (await readPolicy(source)).behindAfterS : 0, now);
  if (judged.behind === 'yes') await alerts.raise({ ...alert, text: judged.text });
  else if (judged.behind === 'no') await alerts.clear(alert);
}
