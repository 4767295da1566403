// Around every request: an id that the caller can quote, headers that browsers obey, and one log line.
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Actor, Logger } from '#platform';

const CORRELATOR = /^[A-Za-z][A-Za-z0-9._-]{0,63}$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of this request: the caller's `x-correlator` when it is fit to be logged, else a fresh one. */
export function correlatorOf(request: Request): string {
  const known = request.res?.getHeader('x-correlator');
  return typeof known === 'string' ? known : '';
}

/** Pages of ours load scripts and styles from the hub itself; everything else is data and loads nothing. */
const PAGES = /^\/(?:docs|ops|console)(?:\/|$)/;
const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

export function requestTrail(log: Logger, isDraining: () => boolean) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    const given = request.headers['x-correlator'];
    response.setHeader('x-correlator', typeof given === 'string' && CORRELATOR.test(given) ? given : randomUUID());
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('X-Frame-Options', 'DENY');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const page = PAGES.test(request.path);
    response.setHeader('Content-Security-Policy', page ? PAGE_POLICY : DATA_POLICY);
    if (!page) response.setHeader('Cache-Control', 'no-store');
    if (isDraining()) response.setHeader('Connection', 'close');
    response.on('finish', () => {
      const { actor } = request as Request & { actor?: Actor };
      const status = response.statusCode;
      const level = status >= 500 ? 'error' : status >= 400 ? 'info' : 'debug';
      // The pattern, never the address: an address may hold what somebody typed.
      log[level]({
        event: 'request',
        method: request.method,
        route: request.route?.path ?? null,
        status,
        ms: Math.round(performance.now() - begun),
        actorId: actor?.actorId ?? null,
        correlator: correlatorOf(request),
      });
    });
    next();
  };
}
