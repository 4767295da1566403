import { test } from 'node:test';
import assert from 'node:assert/strict';
import { quoted } from './wording.js';

test('what a provider said is fit for logs', () => {
  const cases: [string, string][] = [
    ['line 0812345678 unknown', 'line *** unknown'],
    ['+66 81 234 5678, (02) 123-4567', '***, (***'],
    ['๐๘๑๒๓๔๕๖๗๘', '***'],
    ['count 3, read 12', 'count 3, read 12'],
    ['a\r\nb\u2028c\u200bd', 'a b c d'],
  ];
  for (const [said, expected] of cases) assert.equal(quoted(said), expected);
  assert.equal(quoted('x'.repeat(5_000)).length, 201);
});
