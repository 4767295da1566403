// Every example in the documents for providers is what the code writes, or what it reads.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fencedBlocks } from './fenced-blocks.js';
import { checkInlineJson, inlineJson } from './inline-json.js';

type Check = (text: string) => void | Promise<void>;

const DOCUMENTS = join(process.cwd(), 'docs', 'providers');
const MODULES = fileURLToPath(new URL('./examples', import.meta.url));
/** Blocks in these languages are no messages or files. Every other one says its language and by which name it is checked. */
const NOT_CHECKED = new Set(['picture', 'sh', 'js']);

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
    const markdown = readFileSync(join(DOCUMENTS, file), 'utf8');
    for (const { line, text } of inlineJson(markdown)) test(`line ${line}: ${text}`, () => checkInlineJson(text));
    const blocks = fencedBlocks(markdown);
    for (const { line, language, labels, text } of blocks) {
      const name = labels['example'];
      if (name === undefined && NOT_CHECKED.has(language)) continue;
      if (name !== undefined) seen.add(name);
      test(`line ${line}: ${name ?? `a block of ${language || 'no language'}`}`, async () => {
        assert.notEqual(language, '', 'write the language behind the fence, `picture` for what is none');
        assert.ok(name !== undefined, `write \`\`\`${language} example=<name>, and a check in test/docs/examples`);
        const check = checks.get(name);
        assert.ok(check, `no module of test/docs/examples checks "${name}"`);
        await check(text);
      });
    }
  });
}

test('a block is found wherever it is indented, and one without a language is seen', () => {
  const found = fencedBlocks('1. a list\n\n   ```json example=x\n   {"a":\n     1}\n   ```\n\n```\nplain\n```\n');
  assert.deepEqual(
    found.map(({ line, language, text }) => [line, language, text]),
    [
      [3, 'json', '{"a":\n  1}'],
      [8, '', 'plain'],
    ],
  );
});

test('inline JSON that does not parse, or that nobody knows, is refused', () => {
  assert.throws(() => checkInlineJson('{"batch":42,"receipt":accepted}'), /parse/);
  assert.throws(() => checkInlineJson('{"batch":42,"reciept":"accepted"}'), /no message/);
  assert.throws(() => checkInlineJson('{"batch":42,"receipt":"taken"}'), /no message/);
  assert.deepEqual(
    inlineJson('a `{target}/x` and `202 {"accepted": 1, "setAside": 0}`').map((one) => one.text),
    ['{"accepted": 1, "setAside": 0}'],
  );
});

test('every check belongs to an example', () => {
  assert.deepEqual(
    [...checks.keys()].filter((name) => !seen.has(name)),
    [],
  );
});
