// The only door of intake.
export { IntakeModule } from './intake.module.js';
export { INTAKE_PARTS } from './intake-parts.js';
export { seedAgencies } from './seed-agencies.js';
export { register, type IntakeParts, type RegistrationAnswer, type RegistrationRequest } from './register.js';
export { amendRegistrations, cancelRegistrations, confirmDrafts, findRegistrations } from './change-registrations.js';
export { withdrawLine, type Withdrawal, type WithdrawnLine } from './withdraw.js';
export { writeChunk, CHUNK_ROWS, type ChunkCounts, type WrittenChunk } from './write-chunk.js';
export { CatalogueCache, loadCatalogue } from './catalogue.js';
export { lineKeyIn } from './read-line-key.js';
