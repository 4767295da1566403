// A part that is missing may be skipped by users, never in CI: there a skipped test, a test to do and a skipped check fail.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, describe, test } from 'node:test';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
const scripts = new URL('../../../scripts/', import.meta.url);
const { runSpecs } = (await import(new URL('specs.mjs', scripts).href)) as {
  runSpecs: (files: string[], options: { limitMs: number }) => Promise<Counts>;
};
const { runCheck } = (await import(new URL('run-check.mjs', scripts).href)) as {
  runCheck: (name: string, check: () => Promise<string[] | { skipped: string }>) => Promise<Counts>;
};

const folder = mkdtempSync(path.join(os.tmpdir(), 'saphan-skips-'));
const spec = path.join(folder, 'partly.spec.mjs');
writeFileSync(
  spec,
  `import { describe, test } from 'node:test';
test('all is there', () => {});
test('a part is missing', { skip: 'no gpg on this machine' }, () => {});
describe('a whole group', { skip: 'no redis on this machine' }, () => test('inside', () => {}));
test('not written yet', { todo: true }, () => {});
`,
);
const before = process.env['CI'];
// The runner must not take the specs of this test for tests of its own.
delete process.env['NODE_TEST_CONTEXT'];

describe('what is skipped', () => {
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => {
    if (before === undefined) delete process.env['CI'];
    else process.env['CI'] = before;
  });

  test('counts as skipped for users', async () => {
    delete process.env['CI'];
    assert.deepEqual(await runSpecs([spec], { limitMs: 30_000 }), { passed: 1, failed: 0, skipped: 3 });
    const check = await runCheck('compose', async () => ({ skipped: 'no docker-compose' }));
    assert.deepEqual(check, { passed: 0, failed: 0, skipped: 1 });
  });

  test('fails in CI', async () => {
    process.env['CI'] = 'true';
    assert.deepEqual(await runSpecs([spec], { limitMs: 30_000 }), { passed: 1, failed: 3, skipped: 0 });
    const check = await runCheck('compose', async () => ({ skipped: 'no docker-compose' }));
    assert.deepEqual(check, { passed: 0, failed: 1, skipped: 0 });
  });

  test('and .ci/run says that it is CI, and installs what the tests would skip without', () => {
    const run = readFileSync(new URL('../.ci/run', scripts), 'utf8');
    assert.match(run, /^export CI=true$/m);
    for (const part of ['openssh-server', 'openssh-client', 'gnupg', 'redis-server', 'docker-compose'])
      assert.ok(run.includes(`echo ${part}`), part);
  });
});
