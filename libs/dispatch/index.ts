// The only door of dispatch.
export { DispatchModule, SWEEP_TASKS } from './dispatch.module.js';
export { type Delivered } from './delivery.js';
export { type SweepTask } from './sweeper.js';
export { pauseProvider, resumeProvider } from './pause.js';
export { forgetBatches } from './retention.js';
export { compactLog, pruneLog, type Pruned } from './prune-log.js';
export { keepStopped, readStop, releaseStop, stopEverything } from './emergency-stop.js';
export * from './sync.js';
export { readParts } from './sealed-bytes.js';
export { pushLine, type Pushed } from './push-now.js';
export { refuseByAnswer } from './close-batch.js';
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
export { watchReceipts } from './receipt-watch.js';
export { fullListUnderWay, newestFullList, type FullListUnderWay, type SealedFullList } from './full-lists.js';
export { emptyForSwitch, type Emptied, type SwitchParts } from './switch-way.js';
