// A provider's health in words: the states, which may follow which, and the causes that are named.

/**
 * `healthy`: what is sent is answered in time. `degraded`: it works, and something needs looking at. `quarantined`: it is
 * taken for away; only a canary batch tries it now and then, or nothing until a person has acted. `disabled`: its profile
 * says that nothing is sent. Beside these it may be paused by a person, or in maintenance.
 */
export const HEALTH_STATES = ['healthy', 'degraded', 'quarantined', 'disabled'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** Which state may follow which; the picture of it is in libs/dispatch/README.md, and a spec compares the two. */
export const HEALTH_TRANSITIONS: Record<HealthState, readonly HealthState[]> = {
  healthy: ['degraded', 'quarantined', 'disabled'],
  degraded: ['healthy', 'quarantined', 'disabled'],
  // It comes back by degrees: a canary or a person lets it out, and full pace is reached step by step.
  quarantined: ['degraded', 'disabled'],
  disabled: ['degraded', 'quarantined'],
};

/** Why the hub stopped sending by itself; each needs a person. */
export const STOP_CAUSES = [
  'credentials', // it refuses our credentials, signature or certificate
  'hostKey', // its SSH server shows another key than the pinned one
  'keyNotUsable', // nothing can be signed or encrypted, or it cannot use our key
  'otherBytes', // it knows a number with other bytes
  'setBack', // it knows numbers that are not known here: this database was set back
  'refusesBatches', // it refuses batches as a whole, again and again, or a full list
] as const;
export type StopCause = (typeof STOP_CAUSES)[number];

/** Stops that end by themselves when two people have confirmed another key. */
export const MENDED_BY_KEYS: readonly StopCause[] = ['credentials', 'hostKey', 'keyNotUsable'];

export const HEALTH_CAUSES = [
  ...STOP_CAUSES,
  'none',
  'profile', // its profile disables it
  'transport', // attempts fail
  'rejections', // much of what is sent is rejected
  'delay', // receipts come late
  'silence', // outcomes do not come
  'returning', // it was away, and is being brought to full pace
  'keyEnds', // a certificate or key ends soon
  'alert', // another alert is open
] as const;
export type HealthCause = (typeof HEALTH_CAUSES)[number];

/** What a certificate or key of a provider is for; `server`: what its server showed at the last connection. */
export interface KeyEnd {
  purpose: string;
  /** Of the secret, or of the host; never the key. */
  name: string;
  endsAt: Date;
}
