// The only door of dispatch.
export { DispatchModule, SWEEP_TASKS } from './dispatch.module.js';
export { type Delivered } from './deliver.js';
export { type SweepTask } from './sweeper.js';
export { pauseProvider, resumeProvider } from './pause.js';
export * from './sync.js';
export { readParts } from './sealed-bytes.js';
export { pushLine, type Pushed } from './push-now.js';
export { refuseByAnswer } from './close-batch.js';
export { repeatOvertaken } from './attempts.js';
export { checkReceipt } from './receipt.js';
