// What intake's door shows of moves: hand-overs and re-route tasks.
export {
  HAND_OVER_MOVES,
  listHandOverExceptions,
  listHandOvers,
  showHandOver,
  type HandOverException,
  type HandOverProgress,
  type HandOverShown,
  type HandOverState,
} from './hand-over-rows.js';
export {
  approveHandOver,
  pauseHandOver,
  proposeHandOver,
  resumeHandOver,
  startHandOver,
  stopHandOver,
  type HandOverProposal,
} from './hand-over-book.js';
export { runHandOvers, type HandOverParts } from './run-hand-over.js';
export { type HandOverPlan, type PlanPart } from './plan.js';
export { MISFITS, type Misfit } from './fit.js';
export {
  closeReroute,
  countReroutes,
  listReroutes,
  resolveReroute,
  type Reroute,
  type RerouteEnd,
} from './reroute-book.js';
