// The only door of destinations.
export { DestinationsModule, DestinationsSweep } from './destinations.module.js';
export { importSource, listSources, findSource, type ImportedSource } from './import-source.js';
export { SOURCE_FORMATS, type SourceFormat, type SourceSet } from './reading/source.js';
export { LONGEST_SOURCE_BYTES } from './reading/read-source.js';
export { curateSelections, propose, type Selection } from './propose.js';
export { approve, withdrawDraft } from './approve.js';
export { cancelVersion, publish, rollBack } from './publish.js';
export { acknowledgeVersion, takeReport } from './take-word.js';
export { listHash } from './list.js';
export { warningsOf } from './curate.js';
export { readPolicy, savePolicy, type DestinationPolicy } from './policy.js';
export {
  diffVersions,
  findDraft,
  findVersion,
  listAttempts,
  listDrafts,
  listStandings,
  listVersions,
  noteFetched,
  versionInForce,
  type ListStanding,
} from './read.js';
