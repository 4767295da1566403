// Writes docs/asyncapi.json: `node dist/apps/api/docs/write-asyncapi.js`. Needs no database.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeEvents } from './asyncapi.js';

/** The document as it is kept: stable order, a newline at its end. */
export function asyncApiText(): string {
  return `${JSON.stringify(describeEvents(), null, 2)}\n`;
}

export const ASYNCAPI_FILE = fileURLToPath(new URL('../../../../docs/asyncapi.json', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(ASYNCAPI_FILE, asyncApiText());
