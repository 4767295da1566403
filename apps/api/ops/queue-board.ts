// Bull Board, read-only, behind ops.read: the engine room. Jobs hold ids only, and what looks like a number is masked anyway.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { KeyVerifier, Metrics } from '#operations';
import {
  CONFIG,
  deliveryQueue,
  ProviderDirectory,
  QUEUE_POLICIES,
  queueConnection,
  SetupWatch,
  type Config,
} from '#platform';
import { keyOf } from '../access/access.guard.js';

export const BOARD_PATH = '/ops/queues';

/** Anything that could be a number of a line; ids of jobs and batches are shorter or hold letters. */
const NUMBERS = /\+?\d[\d -]{7,}\d/g;

/** What a job shows, with every number-like text masked. */
export function maskJob(value: unknown): unknown {
  return value === undefined
    ? undefined
    : JSON.parse(
        JSON.stringify(value, (_key, inner: unknown) =>
          typeof inner === 'string' ? inner.replace(NUMBERS, '«number»') : inner,
        ),
      );
}

/** Every queue of the table: one per provider, then the others. */
export function queueNames(codes: readonly string[]): string[] {
  return [...codes.map(deliveryQueue), ...Object.keys(QUEUE_POLICIES).filter((kind) => kind !== 'deliver')];
}

@Injectable()
export class QueueBoard implements OnApplicationShutdown {
  private queues: Queue[] = [];
  private board: RequestHandler | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(KeyVerifier) private readonly keys: KeyVerifier,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(SetupWatch) setup: SetupWatch,
  ) {
    setup.follow(() => this.follow());
  }

  /** A provider that was added has a queue of its own: the board is made anew when somebody looks next. */
  private async follow(): Promise<void> {
    const wanted = queueNames(this.directory.all().map((row) => row.code));
    if (!this.board || wanted.length === this.queues.length) return;
    const old = this.queues;
    this.board = null;
    this.queues = [];
    await Promise.all(old.map((queue) => queue.close()));
  }

  /** Mounted at BOARD_PATH. The queues are opened when somebody first looks. */
  handle = (request: Request, response: Response, next: NextFunction): void => {
    this.admit(request).then((admission) => {
      if (admission !== 'admitted') {
        this.metrics.refused(admission);
        response
          .status(401)
          .setHeader(
            'WWW-Authenticate',
            'Basic realm="saphan: any name, and an API key with ops.read as password", charset="UTF-8"',
          );
        response
          .type('text/plain')
          .send(
            'An API key with the scope ops.read is needed: as password of any name, as Bearer token, or as X-Api-Key.\n',
          );
        return;
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.status(405).setHeader('Allow', 'GET, HEAD');
        response
          .type('text/plain')
          .send(
            'The board is read-only. Pause, resume and sync are in the API and the CLI, where they are recorded.\n',
          );
        return;
      }
      this.board ??= this.open();
      this.board(request, response, next);
    }, next);
  };

  private async admit(request: Request): Promise<'admitted' | 'noKey' | 'wrongKey' | 'wrongScope'> {
    const basic = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const password = basic
      ? Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : null;
    const key = password ?? keyOf(request.headers);
    if (!key) return 'noKey';
    const actor = await this.keys.verify(key);
    if (!actor) return 'wrongKey';
    return actor.scopes.includes('ops.read') ? 'admitted' : 'wrongScope';
  }

  private open(): RequestHandler {
    const { connection, prefix } = queueConnection(this.config);
    // Looking needs one connection a queue, and only while somebody looks.
    const frugal = this.config.queue.redisUrl ? connection : ({ ...connection, max: 1 } as typeof connection);
    this.queues = queueNames(this.directory.all().map((row) => row.code)).map(
      (name) => new Queue(name, { connection: frugal, prefix }),
    );
    const server = new ExpressAdapter().setBasePath(BOARD_PATH);
    const adapters = this.queues.map((queue) => {
      const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
      for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, maskJob);
      return adapter;
    });
    createBullBoard({
      queues: adapters,
      serverAdapter: server,
      options: { uiConfig: { boardTitle: 'Saphan', hideRedisDetails: true } },
    });
    return server.getRouter() as RequestHandler;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close()));
  }
}
