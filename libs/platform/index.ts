// The only door of platform: configuration, database, queues, log, keys, days.
export * from './config.js';
export * from './database.js';
export * from './alone.js';
export * from './queues.js';
export * from './log.js';
export * from './vault.js';
export * from './day.js';
export * from './fault.js';
export type { FaultPoint } from './fault-points.js';
export * from './access.js';
export * from './wake-up.js';
export * from './provider-directory.js';
export * from './secrets.js';
export * from './setup-watch.js';
export * from './platform.module.js';
export * from './set-aside.js';
