// The six reference profiles. The providers published no interface for this scheme; these exercise every style.
import type { ProviderCode, ProviderProfile } from '#contracts';
import { ais } from './ais.js';
import { cat } from './cat.js';
import { dtac } from './dtac.js';
import { threeBb } from './3bb.js';
import { tot } from './tot.js';
import { trueCorp } from './true.js';

export const REFERENCE_PROFILES: readonly ProviderProfile[] = [cat, tot, ais, trueCorp, dtac, threeBb];

/** One of the six, or undefined. */
export function referenceProfile(code: ProviderCode): ProviderProfile | undefined {
  return REFERENCE_PROFILES.find((profile) => profile.code === code);
}
