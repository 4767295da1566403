// Sends bytes that never change as the answer to a request.
import type { Request, Response } from 'express';
import { answerWithBytes, type SealedBytes } from '#adapters';

/** Whole or a range, as they are or gzipped; see `answerWithBytes`. */
export async function sendBytes(request: Request, response: Response, sealed: SealedBytes): Promise<void> {
  const { status, headers, body } = await answerWithBytes(request, sealed);
  response.status(status).set(headers);
  if (body) response.end(body);
  else response.end();
}
