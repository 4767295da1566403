// The only door of dispatch.
export { DispatchModule, SWEEP_TASKS } from './dispatch.module.js';
export { type Delivered } from './delivery.js';
export { type SweepTask } from './sweeper.js';
export { endPause, pauseProvider, releaseProvider, resumeProvider } from './pause.js';
export { forgetHealth, healthHistory, readHealth, watchHealth, type HealthRow } from './health.js';
export * from './maintenance.js';
export { forgetBatches } from './retention.js';
export { compactLog, pruneLog, type Pruned } from './prune-log.js';
export { keepStopped, readStop, releaseStop, stopEverything } from './emergency-stop.js';
export * from './sync.js';
export { readParts } from './sealed-bytes.js';
export { pushLine, type Pushed } from './push-now.js';
export { refuseByAnswer } from './close-batch.js';
export { askAgain, type ToldAgain } from './ask-again.js';
export { repeatOvertaken } from './attempts.js';
export { checkReceipt } from './receipt.js';
export { nextOpening } from './rules/windows.js';
export {
  feedStanding,
  hasPages,
  FEED_START,
  notePage,
  pageAfter,
  readPart,
  takeCursor,
  type AfterCursor,
  type Cursor,
  type FeedPage,
  type FeedStanding,
} from './feed.js';
export { takeForeignCursor } from './foreign-cursor.js';
export { watchReceipts } from './receipt-watch.js';
export { watchOutcomes } from './outcome-watch.js';
export { watchKeyEnds } from './key-end-watch.js';
export {
  fullListUnderWay,
  newestFullList,
  newestRestated,
  type FullListUnderWay,
  type RestatedList,
  type SealedFullList,
} from './full-lists.js';
export { listEntries, type Listing } from './listing.js';
export { emptyForSwitch, type Emptied, type SwitchParts } from './switch-way.js';
