// The kept description is the served one, and every route in it is either shut by scopes or open for a stated reason.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { OPENAPI_FILE, openApiText } from './write-openapi.js';

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  security?: object[];
}

const text = await openApiText();
const document = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
);

test('docs/openapi.json is current', () => {
  assert.ok(
    text === readFileSync(OPENAPI_FILE, 'utf8'),
    'docs/openapi.json differs from the code; write it anew: npm run build && node dist/apps/api/docs/write-openapi.js',
  );
});

test('every route says who may use it', () => {
  const silent = operations
    .filter(({ operation }) => !/(?:Scope: \S+|Open: \S+)/.test(operation.description ?? ''))
    .map(({ route }) => route);
  assert.deepEqual(silent, []);
  const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ route }) => route);
  assert.deepEqual(open.toSorted(), [
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'POST /tmf641/{token}',
    'POST /tmf641/{token}/listener',
    'POST /tmf641/{token}/listener/{event}',
    'POST /v1/providers/{code}/acknowledgements',
    'POST /v1/providers/{code}/pfd-reports/{token}',
  ]);
});

test('it is OpenAPI 3.1, without the words of 3.0, and every route has a summary', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.doesNotMatch(text, /"nullable":/);
  assert.deepEqual(
    operations.filter(({ operation }) => !operation.summary).map(({ route }) => route),
    [],
  );
});

test('it is valid by the schema of OpenAPI 3.1, which takes not just anything', async () => {
  const judge = new Validator();
  const verdict = await judge.validate(structuredClone(document));
  assert.deepEqual([verdict.valid, judge.version], [true, '3.1'], JSON.stringify(verdict.errors));
  assert.equal((await new Validator().validate({ ...document, paths: [] })).valid, false);
});

test('what providers pull, post back and fetch again is in it', () => {
  const routes = operations.map(({ route }) => route);
  for (const route of [
    'GET /v1/feed/{code}/pages',
    'POST /v1/providers/{code}/acknowledgements',
    'GET /v1/providers/{code}/batches/{number}/bytes',
    'GET /v1/providers/{code}/full-list',
  ])
    assert.ok(routes.includes(route), `${route} is not in the description`);
});

test('no address has room for a number of a line', () => {
  assert.deepEqual(
    operations
      .filter(({ route }) => /\{(?:number|phone|line|msisdn|circuit)\}/.test(route) && !route.includes('/batches/'))
      .map(({ route }) => route),
    [],
  );
});
