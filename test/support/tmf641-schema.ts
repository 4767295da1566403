// Checks bodies against the definitions of TM Forum's own TMF641 v4.1.0 swagger.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';

const swagger = JSON.parse(
  readFileSync(new URL('../fixtures/TMF641-ServiceOrdering-v4.1.0.swagger.json', import.meta.url), 'utf8'),
) as { definitions: object };
const ajv = new Ajv({ strict: false, allErrors: true });
// A CommonJS module whose types speak of a default export.
(addFormatsModule as unknown as (ajv: Ajv) => void)(ajv);
ajv.addSchema({ $id: 'tmf641', definitions: swagger.definitions });

/** Throws an `AssertionError` with every deviation of `value` from the definition of that name. */
export function assertTmf641(definition: string, value: unknown): void {
  const check = ajv.getSchema(`tmf641#/definitions/${definition}`);
  assert.ok(check, `the swagger has no definition ${definition}`);
  assert.ok(check(value), `not a ${definition}: ${ajv.errorsText(check.errors)}`);
}
