// Serves the description at /docs/openapi.json, and a page for people at /docs; nothing is loaded from elsewhere.
import { SwaggerModule } from '@nestjs/swagger';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { describeApi } from './openapi.js';

export function serveDocs(api: NestExpressApplication): void {
  // Made when somebody first asks, so that it costs nothing at start.
  SwaggerModule.setup('docs', api, () => describeApi(api), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    raw: ['json'],
    customSiteTitle: 'Saphan API',
    swaggerOptions: { persistAuthorization: false, validatorUrl: null },
  });
}
