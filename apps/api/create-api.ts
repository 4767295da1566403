// Makes the API: as its own process (main.ts), or inside standalone and tests. The caller listens and closes.
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { Metrics, watchProviders } from '#operations';
import { LOGGER, ProviderDirectory, type Config, type Logger } from '#platform';
import { ApiModule } from './api.module.js';
import { DESTINATIONS_RAW_PATH } from './destinations/raw-body.js';
import { serveDocs } from './docs/serve-docs.js';
import { Draining } from './health/health.controller.js';
import { requestTrail } from './http/request-trail.js';
import { validationPipe } from './http/validation.js';
import { BOARD_PATH, QueueBoard } from './ops/queue-board.js';
import { CALLBACK_PATH } from './providers/acknowledgements.controller.js';
import { readCallbackBodies } from './set-aside/callback-body.js';
import { LISTENER_PATH } from './tmf641/listener.controller.js';

/** Largest JSON body; files and streams of registrations are read piece by piece and have limits of their own. */
const JSON_LIMIT = '2mb';
/** A client that has not sent its headers by then is cut off; a long upload may take as long as it takes. */
const HEADERS_TIMEOUT_MS = 15_000;

function isCallback(request: IncomingMessage): boolean {
  const { pathname } = new URL(request.url ?? '/', 'http://hub');
  return CALLBACK_PATH.test(pathname) || LISTENER_PATH.test(pathname);
}

function isJson(request: IncomingMessage): boolean {
  if (DESTINATIONS_RAW_PATH.test(new URL(request.url ?? '/', 'http://hub').pathname)) return false;
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(request.headers['content-type'] ?? '') && !isCallback(request);
}

export async function createApi(config: Config): Promise<NestExpressApplication> {
  const api = await NestFactory.create<NestExpressApplication>(ApiModule.forRoot(config), {
    bodyParser: false,
    logger: config.log.level === 'silent' ? false : ['error', 'warn'],
    abortOnError: false,
  });
  api.disable('x-powered-by');
  api.disable('etag');
  api.use(requestTrail(api.get<Logger>(LOGGER), api.get(Draining).isDraining));
  api.use(BOARD_PATH, api.get(QueueBoard).handle);
  readCallbackBodies(api, isCallback);
  api.useBodyParser('json', { type: isJson, limit: JSON_LIMIT });
  api.useGlobalPipes(validationPipe());
  serveDocs(api);
  const directory = api.get(ProviderDirectory);
  watchProviders(api.get(Metrics), api.get(DataSource), () => directory.all().map((row) => row.providerId));
  const server = api.getHttpServer();
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = 0;
  await api.init();
  return api;
}
