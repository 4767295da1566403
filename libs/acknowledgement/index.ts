// The only door of acknowledgement.
export { Recorder } from './record-outcomes.js';
export { WaitingReleaser } from './release-waiting.js';
export { retryDue } from './retry-due.js';
export { type Heard, type Resolution } from './merge.js';
export type { RetryRules } from './exceptions.js';
