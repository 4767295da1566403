// The only door of operations.
export { OperationsModule } from './operations.module.js';
export {
  createApiKey,
  firstKey,
  KeyVerifier,
  listApiKeys,
  revokeApiKey,
  type KeyRow,
  type MadeKey,
  type NewKey,
} from './api-keys.js';
export { AlertBook, listAlerts, type AlertRow } from './alerts.js';
export { recordAct, type Act } from './audit.js';
export { Metrics, type Refusal } from './metrics.js';
export {
  countProviders,
  STANDINGS,
  type EntryCounts,
  type ProviderCounts,
  type SentCounts,
  type Standing,
  type Standings,
} from './provider-counts.js';
export { attemptsAt, lastAttempts, readStreams, type AttemptRow, type StreamState } from './provider-stream.js';
export { findBatch, listBatches, type BatchSummary } from './batches.js';
export {
  groupExceptions,
  listExceptions,
  type ExceptionFilter,
  type ExceptionGroup,
  type ExceptionLine,
} from './exceptions.js';
export { findLines, type FoundLine, type LineQuestion } from './find-lines.js';
export { readLineStory, type LineStory } from './line-story.js';
export {
  groupUndelivered,
  listUndelivered,
  UNDELIVERED,
  type Undelivered,
  type UndeliveredGroup,
  type UndeliveredLine,
} from './undelivered.js';
export { forgetNotices } from './retention.js';
export { watchProviders } from './provider-gauges.js';
export { standingsOf, type EntryKey, type StandingWords } from './standings.js';
export {
  groupSetAside,
  judgeSetAside,
  latelySetAside,
  listSetAside,
  SetAsideLog,
  type SetAsideFilter,
  type SetAsideGroup,
  type SetAsideRow,
} from './set-aside.js';
export * from './providers/index.js';
export { maskLine, type MaskedLine } from './mask.js';
