// Writes to an answer no faster than it is read, so that a long list takes no memory.
import { once } from 'node:events';
import type { Response } from 'express';

/** Who reads nothing for so long is not waited for, in milliseconds. */
const STALLED_MS = 30_000;

/** @throws Error when the reader went away or stalls */
export async function writeOut(response: Response, bytes: Buffer): Promise<void> {
  if (response.closed || response.destroyed) throw new Error('the reader went away');
  if (response.write(bytes)) return;
  const stop = new AbortController();
  const gone = (): void => stop.abort();
  response.once('close', gone);
  const timer = setTimeout(gone, STALLED_MS);
  try {
    await once(response, 'drain', { signal: stop.signal });
  } finally {
    clearTimeout(timer);
    response.off('close', gone);
  }
}
