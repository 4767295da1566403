// Ends alerts that a provider's profile cannot raise any more: nobody else would, once it was switched to another way.
import { observationOf, type AlertKind, type ProviderProfile } from '#contracts';
import type { SweepTask } from '#dispatch';
import { query } from '#platform';
import type { SweepParts } from './sweep-tasks.js';

type AboutProfile = Pick<ProviderProfile, 'acknowledgement' | 'transport' | 'observe' | 'secrets'>;

/** Whether whoever watches for it still looks, given the profile; what is not about the way to the provider always is. */
export function canStillRaise(kind: AlertKind, subject: string, profile: AboutProfile): boolean {
  const { digests, snapshot } = observationOf(profile);
  switch (kind) {
    case 'notPulled':
      return profile.acknowledgement === 'pull';
    case 'receiptOverdue':
      return profile.acknowledgement !== 'pull';
    case 'fileGap':
      return profile.acknowledgement === 'files';
    case 'answersSetAside':
      return subject === 'answers' || profile.acknowledgement === 'files';
    case 'listDiffers':
    case 'dataLost':
      return digests || snapshot !== null;
    case 'snapshotRefused':
    case 'snapshotMissing':
      return snapshot !== null;
    default:
      return true;
  }
}

export function formerAlerts({ source, alerts }: Pick<SweepParts, 'source' | 'alerts'>): SweepTask {
  return async ({ providerId, profile }) => {
    const open = await query<{ kind: AlertKind; subject: string }>(
      source,
      'SELECT kind, subject FROM alert WHERE provider_id = $1 AND ended_at IS NULL',
      [providerId],
    );
    for (const { kind, subject } of open)
      if (!canStillRaise(kind, subject, profile)) await alerts.clear({ kind, providerId, subject });
  };
}
