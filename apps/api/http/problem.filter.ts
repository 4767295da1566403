// Every failure leaves as RFC 9457 problem details; what was not expected is logged and says nothing of the inside.
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Problem } from '#contracts';
import { LOGGER, type Logger } from '#platform';
import { correlatorOf } from './request-trail.js';

/** What the body parser throws. */
interface ParserError {
  type: string;
  status: number;
}

function isParserError(error: unknown): error is ParserError {
  return (
    error instanceof Error &&
    typeof (error as Partial<ParserError>).type === 'string' &&
    typeof (error as Partial<ParserError>).status === 'number'
  );
}

/** The problem that a thrown thing means to the caller, or null when it is a fault of the hub. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (isParserError(error)) {
    if (error.status === 413) {
      return new Problem(
        413,
        'body-too-large',
        'Body too large',
        'Send less at once: files go to /v1/imports, many registrations as a stream.',
      );
    }
    if (error.status >= 500) return null;
    return new Problem(
      error.status,
      'body-not-readable',
      'Body cannot be read',
      'Send well-formed JSON in UTF-8 with the right Content-Type and length.',
    );
  }
  if (error instanceof HttpException) {
    const status = error.getStatus();
    if (status === 404)
      return new Problem(404, 'not-found', 'Not found', 'There is nothing at this address; /docs lists every address.');
    if (status === 400)
      return new Problem(
        400,
        'request-not-readable',
        'Request cannot be read',
        'Send well-formed JSON in UTF-8, and parameters of the kind that /docs shows.',
      );
    if (status < 500) return new Problem(status, 'refused', 'Refused', 'The request was refused; see /docs.');
  }
  return null;
}

const INTERNAL = new Problem(
  500,
  'internal',
  'The hub failed',
  'This is a fault of the hub and was logged. Try again; if it stays, tell ops the x-correlator of this answer.',
  { detailTh: 'ระบบขัดข้องและได้บันทึกไว้แล้ว กรุณาลองใหม่ หากยังพบปัญหาให้แจ้งค่า x-correlator แก่ผู้ดูแลระบบ' },
);

const UNAVAILABLE = new Problem(
  503,
  'database-unreachable',
  'The hub cannot reach its database',
  'Nothing was done; send the same request again in a moment.',
  { retryAfterS: 5, detailTh: 'ระบบติดต่อฐานข้อมูลไม่ได้ชั่วคราว ยังไม่มีการดำเนินการใด กรุณาส่งคำขอเดิมอีกครั้ง' },
);

/** Node's and PostgreSQL's words for "the database is away": refused, reset, shutting down, starting up, too many. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08006',
]);

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = problemOf(error) ?? this.unexpected(error, request);
    if (response.headersSent) {
      // Half an answer is out: only a broken connection tells the reader that the rest is missing.
      response.destroy();
      return;
    }
    if (problem.extra.retryAfterS !== undefined) response.setHeader('Retry-After', String(problem.extra.retryAfterS));
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="saphan"');
    // A body that was not read to its end would be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem.toJSON()));
  }

  private unexpected(error: unknown, request: Request): Problem {
    const code =
      (error as { driverError?: { code?: string }; code?: string }).driverError?.code ??
      (error as { code?: string }).code;
    const away = code !== undefined && AWAY.has(code);
    this.log.error({
      event: away ? 'database unreachable' : 'request failed',
      correlator: correlatorOf(request),
      route: request.route?.path,
      code,
      error: error instanceof Error ? error.message : 'not an error',
      stack: error instanceof Error ? error.stack : undefined,
    });
    return away ? UNAVAILABLE : INTERNAL;
  }
}
