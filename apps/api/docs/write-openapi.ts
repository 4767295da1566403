// Writes docs/openapi.json: `node dist/apps/api/docs/write-openapi.js`. Needs no database.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { newMasterKey, readConfig } from '#platform';
import { ApiModule } from '../api.module.js';
import { describeApi } from './openapi.js';

/** The document as it is kept: stable order, a newline at its end. */
export async function openApiText(): Promise<string> {
  const config = readConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', SAPHAN_MASTER_KEY: newMasterKey() });
  // In preview nothing is made, so nothing connects; only the decorators are read.
  const api = await NestFactory.create(ApiModule.forRoot(config), {
    preview: true,
    abortOnError: false,
    logger: false,
  });
  return `${JSON.stringify(describeApi(api), null, 2)}\n`;
}

export const OPENAPI_FILE = fileURLToPath(new URL('../../../../docs/openapi.json', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OPENAPI_FILE, await openApiText());
