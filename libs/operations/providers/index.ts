// Setting providers up: profiles, keys that two people confirm, tests.
export {
  cancelKeyChange,
  confirmedKeys,
  confirmKeyChange,
  listKeyChanges,
  proposeKeyChange,
  type KeyChange,
  type ShownKey,
} from './key-changes.js';
export { keysOf, nextName, secretNames, type NamedKey } from './key-names.js';
export { addProvider, changeProfile, codeTaken, retireKey, storedSecrets } from './profiles.js';
export { diffProfiles, shownProfile, waysDiffer, withKnownTestLines, type FieldDifference } from './profile-view.js';
export { beginTest, noteSteps, readTest, type ProviderTest, type TestStep } from './tests.js';
