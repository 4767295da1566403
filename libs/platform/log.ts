// One wide log line per event, as JSON; nothing that identifies a line or a person may be passed in.
import { pino, type Logger } from 'pino';

/** A phone number or a long digit run in a log line is a defect; this is the net below the rope. */
const NUMBERS = /(?:\+?66|0)[0-9](?:[-\s]?[0-9]){7,8}(?![0-9a-f-])/g;

export type { Logger };
export const LOGGER = Symbol('Logger');

/** @param file lines are added to it; null: they go to the standard output */
export function createLogger(level: string, file: string | null = null): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'event',
    hooks: { streamWrite: (line: string) => line.replace(NUMBERS, '«number»') },
  };
  return file === null ? pino(options) : pino(options, pino.destination({ dest: file, append: true, mode: 0o600 }));
}
