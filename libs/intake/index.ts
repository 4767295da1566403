// The only door of intake.
export { ImportWorkerModule, IntakeModule } from './intake.module.js';
export { INTAKE_PARTS } from './intake-parts.js';
export { INTAKE_ENTITIES } from './entities.js';
export { seedAgencies } from './seed-agencies.js';
export { register, type IntakeParts, type RegistrationAnswer, type RegistrationRequest } from './register.js';
export { amendRegistrations, cancelRegistrations, confirmDrafts, findRegistrations } from './change-registrations.js';
export { withdrawLine, type Withdrawal, type WithdrawnLine } from './withdraw.js';
export { writeChunk, CHUNK_ROWS, type ChunkCounts, type WrittenChunk } from './write-chunk.js';
export { CatalogueCache, loadCatalogue } from './catalogue.js';
export { lineKeyIn } from './read-line-key.js';
export { ImportRunner, type RunEnd } from './runs/run-import.js';
export { receiveOriginal, type Upload } from './runs/original.js';
export { askForUndo, findRun, listRuns, showRun, startRun, stopRun, type RunView } from './runs/run-book.js';
export { runErrorFile } from './runs/error-file.js';
export { runReturnFile, STANDINGS, type Standing, type Standings } from './runs/return-file.js';
export { IMPORT_QUEUE, queueUnfinishedRuns, unfinishedRuns } from './runs/unfinished-runs.js';
export type { RunCounts, RunMode, RunOptions, RunState } from './runs/run.js';
