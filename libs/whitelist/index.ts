// The only door of whitelist.
export { Deriver, type TakesDates } from './derive.js';
export { CurrentAppender } from './append-current.js';
export { turnDay } from './turn-day.js';
export { closeMoves, type MoveEnd } from './close-moves.js';
export { type Desired, type ValidRegistration } from './desired.js';
