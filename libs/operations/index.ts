// The only door of operations.
export { OperationsModule } from './operations.module.js';
export { createApiKey, firstKey, KeyVerifier, listApiKeys, revokeApiKey, type KeyRow, type MadeKey, type NewKey } from './api-keys.js';
export { recordAct, type Act } from './audit.js';
export { Metrics, type Refusal } from './metrics.js';
