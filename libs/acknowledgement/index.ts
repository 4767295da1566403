// The only door of acknowledgement.
export { Recorder } from './record-outcomes.js';
export { WaitingReleaser } from './release-waiting.js';
export { retryDue } from './retry-due.js';
export type { Heard, Resolution } from './merge.js';
export type { RetryRules } from './exceptions.js';
export { endReroutes } from './reroutes.js';
export {
  answerCallback,
  claimCallback,
  comparesBytes,
  forgetCallback,
  forgetOldCallbacks,
  type CallbackAnswer,
  type CallbackClaim,
} from './callbacks-taken.js';
export {
  carryReplays,
  groupReplay,
  listReplayItems,
  listReplays,
  previewReplay,
  startReplay,
  stopReplay,
  withdrawReplay,
  type ReplayRow,
} from './replay.js';
export { forgetTasks } from './retention.js';
