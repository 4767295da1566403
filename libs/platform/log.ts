// One wide log line per event, as JSON; nothing that identifies a line or a person may be passed in.
import { pino, type Logger } from 'pino';

/** A phone number or a long digit run in a log line is a defect; this is the net below the rope. */
const NUMBERS = /(?:\+?66|0)[0-9](?:[-\s]?[0-9]){7,8}(?![0-9a-f-])/g;

export type { Logger };
export const LOGGER = Symbol('Logger');

export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'event',
    hooks: { streamWrite: (line: string) => line.replace(NUMBERS, '«number»') },
  };
  return destination ? pino(options, destination) : pino(options);
}
