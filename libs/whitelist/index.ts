// The only door of whitelist.
export { Deriver, type TakesDates } from './derive.js';
export { CurrentAppender } from './append-current.js';
export { turnDay } from './turn-day.js';
export { closeMoves, type MoveEnd } from './close-moves.js';
export { type Desired, type ValidRegistration } from './desired.js';
export { dailyBudget } from './brake/judge.js';
export {
  approveHeld,
  keepHeld,
  listHeld,
  type Decision,
  type HeldPlan,
  type HoldFilter,
  type HoldState,
} from './brake/holds.js';
export {
  approvePlanned,
  listPlanned,
  MOST_DAYS,
  proposePlanned,
  withdrawPlanned,
  type PlannedRemoval,
} from './brake/planned.js';
export { forgetRemovals } from './brake/retention.js';
export { releaseHeld } from './brake/release-held.js';
export { brakeStates, countForBrake, watchBrake, type BrakeState } from './brake/watch-brake.js';
