// The API's own description, OpenAPI 3.1, made from the code; served, and kept in docs/openapi.json.
import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { MESSAGES, PARTS } from './message-schemas.js';
import { routeAccess } from './route-access.js';

const ABOUT = [
  'Takes confirmed Work@Home registrations and keeps the providers’ free-internet whitelists equal to them.',
  'Every request carries an API key (`Authorization: Bearer sk_…` or `X-Api-Key`); callbacks of providers prove themselves by signature.',
  'Errors are RFC 9457 problem details; `detailTh` repeats them in Thai. Days are days in Asia/Bangkok.',
].join('\n\n');

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: {
      type: 'string',
      description: 'Stable; clients key on it',
      examples: ['urn:saphan:problem:request-not-valid'],
    },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    detailTh: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'detail'],
        properties: Object.fromEntries(
          ['pointer', 'field', 'code', 'detail', 'detailTh', 'remedy', 'remedyTh'].map((name) => [
            name,
            { type: 'string' },
          ]),
        ),
      },
    },
  },
};

/** What providers post, in the same words as in docs/asyncapi.json. */
function eventSchemas(): Record<string, unknown> {
  const { LineOutcome, Outcomes } = PARTS;
  const received = MESSAGES.filter((message) => message.action === 'receive');
  return { LineOutcome, Outcomes, ...Object.fromEntries(received.map(({ name, schema }) => [name, schema])) };
}

export function describeApi(api: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Saphan')
    .setDescription(ABOUT)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'sk_<id>_<secret>' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }, 'apiKey')
    .build();
  const document = SwaggerModule.createDocument(api, config, {
    operationIdFactory: (controller, method) => `${controller}_${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { Problem: PROBLEM as never, ...(eventSchemas() as object), ...document.components?.schemas },
  };
  const access = new Map(routeAccess(api.get(ModulesContainer)).map((each) => [each.operationId, each]));
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as {
      operationId?: string;
      description?: string;
      security?: object[];
      responses?: object;
    }[]) {
      const rule = access.get(operation.operationId ?? '');
      if (!rule) continue;
      operation.security = rule.open === null ? [{ bearer: [] }, { apiKey: [] }] : [];
      const who =
        rule.open === null
          ? `Scope: ${rule.scopes?.map((scope) => (scope === 'provider' ? 'provider:<code>' : scope)).join(' or ')}.`
          : `Open: ${rule.open}.`;
      operation.description = [operation.description, who].filter(Boolean).join('\n\n');
      operation.responses = {
        ...operation.responses,
        default: {
          description: 'What went wrong',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      };
    }
  }
  return withoutNullable(document) as OpenAPIObject;
}

/** OpenAPI 3.1 is JSON Schema: there `nullable` is nothing, and null is a type. */
function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, withoutNullable(each)]));
  if (typeof nullable !== 'boolean')
    return nullable === undefined ? inner : { ...inner, nullable: withoutNullable(nullable) };
  if (!nullable) return inner;
  if (typeof inner['type'] === 'string') {
    const listed = Array.isArray(inner['enum']) ? { enum: [...inner['enum'], null] } : {};
    return { ...inner, ...listed, type: [inner['type'], 'null'] };
  }
  return { anyOf: [inner, { type: 'null' }] };
}
