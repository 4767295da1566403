// The only door of intake.
export { ImportWorkerModule, IntakeModule } from './intake.module.js';
export { INTAKE_ENTITIES } from './entities.js';
export { seedAgencies } from './seed-agencies.js';
export { register, type IntakeParts, type RegistrationAnswer, type RegistrationRequest } from './register.js';
export { amendRegistrations, cancelRegistrations, confirmDrafts } from './change-registrations.js';
export { findRegistrations } from './find-registrations.js';
export { withdrawLine, type Withdrawal, type WithdrawnLine } from './withdraw.js';
export { CatalogueCache, loadCatalogue } from './catalogue.js';
export { lineKeyIn } from './read-line-key.js';
export { ImportRunner, type RunEnd } from './runs/run-import.js';
export { receiveOriginal, type Upload } from './runs/original.js';
export { askForUndo, findRun, showRun, startRun, stopRun, type RunView } from './runs/run-book.js';
export { makeExtension, type Extension } from './runs/extend.js';
export { eraseOld } from './runs/retention.js';
export { runErrorFile } from './runs/error-file.js';
export { runReturnFile, STANDINGS, type Standing, type Standings } from './runs/return-file.js';
export { unfinishedRuns } from './runs/unfinished-runs.js';
export type { RunCounts, RunMode, RunOptions, RunState } from './runs/run.js';
export {
  circuitFormats,
  generateSample,
  type SampleEncoding,
  type SampleOptions,
  type SampleReport,
} from './sample/index.js';
export { loadAgencies } from './reading/index.js';
