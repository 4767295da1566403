// The only door of contracts: words, shapes and ports that stations share.
export * from './words.js';
export * from './result-codes.js';
export * from './outcomes.js';
export * from './profile.js';
export * from './destinations.js';
export * from './observer.js';
export * from './adapter.js';
export * from './ports.js';
export * from './problem.js';
export * from './set-aside.js';
export * from './health.js';
