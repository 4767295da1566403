// What the app gives to adapters besides profiles: secrets, limits of the network, a clock, and someone to tell.
import type { ProviderCode, SetAside } from '#contracts';
import type { SubscriptionStore } from './tmf641/subscription.js';

/** Where secrets come from. Read anew at every use, so that a rotation needs no restart; so it must be fast. */
export interface SecretSource {
  /** The secret of this name (as written in the profile), or undefined when there is none. */
  secret(name: string): string | undefined;
}

/** Something that people should see but that stops nothing. `text` holds no line, circuit or id. */
export interface AdapterNotice {
  provider: ProviderCode;
  kind:
    | 'fileSetAside' // a file of the provider cannot be used
    | 'fileConflict' // a file name that was taken before came with other content
    | 'fileGap' // a number is missing between answers
    | 'subscription' // no subscription to the provider's events could be made
    | 'answerSetAside' // an answer to a request cannot be used
    | 'secretMissing'; // a secret that the profile names is not there
  text: string;
  /** For what was set aside: how it is counted and shown. */
  setAside?: SetAside;
}

export interface AdapterOptions {
  secrets: SecretSource;
  /** Networks in CIDR form that may be connected to although they are not public; see `LOOPBACK_NETWORKS`. */
  allowedNetworks?: readonly string[];
  /** Further certificate authorities in PEM. */
  ca?: string;
  /** Address under which a provider reaches its callbacks at this hub, for protocols that subscribe it (TMF641). */
  callbackBase?: (provider: ProviderCode) => string | undefined;
  /** Where the subscription at a provider is remembered; within the process when absent. */
  subscriptions?: (provider: ProviderCode) => SubscriptionStore;
  /** Public address of this hub, for events that say where a feed is; without it they carry a path. */
  hubAddress?: () => string | undefined;
  clock?: () => Date;
  notice?: (notice: AdapterNotice) => void;
}
