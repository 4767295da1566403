// The raw body of a provider's message, bounded as sent and unpacked; what is wrong with it is judged with the message.
import type { IncomingMessage } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { callbackTooLarge, LONGEST_CALLBACK_BYTES } from '#adapters';
import { AnswerRefused } from '#contracts';

/** What is wrong with the body of a request, found before anybody looked at it. */
interface Troubled extends Request {
  bodyTrouble?: AnswerRefused;
}

/** What the body parser says. */
interface ParserError {
  type?: string;
  status?: number;
}

/** Media types of a callback: CloudEvents in JSON, or what some HTTP stacks insist on calling it. */
const JSON_TYPES = /^application\/(?:cloudevents\+json|json)\s*(?:;|$)/i;

function refusalOf(error: ParserError): AnswerRefused | null {
  if (error.status === 413) return callbackTooLarge('The body is too large');
  if (error.status === 415)
    return notReadable(415, 'Content-Encoding is none that is read; send the body as it is, or with gzip or deflate.');
  if (error.status === undefined || error.status >= 500) return null;
  return notReadable(
    400,
    'The body ends before its Content-Length, or its compression is broken; send it again as a whole.',
  );
}

function notReadable(status: number, detail: string): AnswerRefused {
  return new AnswerRefused(status, 'callback-not-readable', 'Callback cannot be read', detail, {
    reason: 'notReadable',
  });
}

/** Reads bodies of requests that `isCallback`, and keeps what is wrong with one for whoever knows the provider. */
export function readCallbackBodies(
  api: NestExpressApplication,
  isCallback: (request: IncomingMessage) => boolean,
): void {
  api.useBodyParser('raw', { type: isCallback, limit: LONGEST_CALLBACK_BYTES });
  api.use((error: ParserError, request: Troubled, _response: Response, next: NextFunction) => {
    const trouble = isCallback(request) ? refusalOf(error) : null;
    if (!trouble) return next(error);
    request.bodyTrouble = trouble;
    next();
  });
}

/**
 * The raw bytes as they were signed. Throws `AnswerRefused` when they could not be read, or are said to be no JSON.
 */
export function callbackBody(request: Request): Buffer {
  const { bodyTrouble } = request as Troubled;
  if (bodyTrouble) throw bodyTrouble;
  if (!JSON_TYPES.test(request.headers['content-type'] ?? '')) {
    throw notReadable(415, 'Content-Type must be application/cloudevents+json; charset=utf-8.');
  }
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
