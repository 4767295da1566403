// Every example in the documents for providers is what the code writes, or what it reads.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fencedBlocks } from './fenced-blocks.js';

type Check = (text: string) => void | Promise<void>;

const DOCUMENTS = join(process.cwd(), 'docs', 'providers');
const MODULES = fileURLToPath(new URL('./examples', import.meta.url));
/** Blocks in these languages are messages or files, so each says by which name it is checked. */
const CHECKED = new Set(['json', 'ndjson', 'csv', 'http', 'text']);

const checks = new Map<string, Check>();
for (const file of readdirSync(MODULES).filter((name) => name.endsWith('.js'))) {
  const { EXAMPLES } = (await import(pathToFileURL(join(MODULES, file)).href)) as { EXAMPLES: Record<string, Check> };
  for (const [name, check] of Object.entries(EXAMPLES)) {
    assert.ok(!checks.has(name), `the example "${name}" is checked by two modules`);
    checks.set(name, check);
  }
}

const seen = new Set<string>();
for (const file of readdirSync(DOCUMENTS).filter((name) => name.endsWith('.md'))) {
  describe(`docs/providers/${file}`, () => {
    const blocks = fencedBlocks(readFileSync(join(DOCUMENTS, file), 'utf8'));
    for (const { line, language, labels, text } of blocks) {
      const name = labels['example'];
      if (name === undefined && !CHECKED.has(language)) continue;
      if (name !== undefined) seen.add(name);
      test(`line ${line}: ${name ?? `a block of ${language}`}`, async () => {
        assert.ok(name !== undefined, `write \`\`\`${language} example=<name>, and a check in test/docs/examples`);
        const check = checks.get(name);
        assert.ok(check, `no module of test/docs/examples checks "${name}"`);
        await check(text);
      });
    }
  });
}

test('every check belongs to an example', () => {
  assert.deepEqual(
    [...checks.keys()].filter((name) => !seen.has(name)),
    [],
  );
});
