// The only door of adapters: profiles, their validation, and adapters made from them.
export { AdaptersModule, type AdaptersSetup } from './adapters.module.js';
export { makeAdapter } from './make-adapter.js';
export { makeAdapterRegistry, type ClosableRegistry } from './registry.js';
export type { AdapterNotice, AdapterOptions, SecretSource } from './options.js';
export { LOOPBACK_NETWORKS, PRIVATE_NETWORKS } from './transports/target-guard.js';
export { REFERENCE_PROFILES, referenceProfile } from './profiles/reference.js';
export { dtacTmf641 } from './profiles/dtac.js';
export { totSealed } from './profiles/tot.js';
export { withEndpoint, type Endpoint } from './profiles/defaults.js';
export { ProfileNotValid, validateProfile } from './profiles/validate.js';
