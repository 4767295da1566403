// docs/result-codes.md is the table of the code; `SAPHAN_WRITE_DOCS=1` writes it anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { RESULT_CODES } from '#contracts';

const PAGE = 'docs/result-codes.md';

const RETRY = {
  never: 'no, the same again cannot help',
  later: 'yes, on the schedule of the provider',
  reroute: 'no, the line is re-routed',
};

function page(): string {
  const rows = Object.entries(RESULT_CODES).map(
    ([code, info]) =>
      `| \`${code}\` | \`${info.file}\` | ${info.en} | ${info.th} | ${RETRY[info.retry]} | ${info.owner} |`,
  );
  return [
    '# Result codes',
    '',
    'The closed table of codes that a provider may give for a line (generated from `libs/contracts/result-codes.ts`). In answer files either spelling is read. Of two codes heard for one line, the first in this table stays.',
    '',
    '| code | in files | meaning | ความหมาย | tried again | who acts |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

test('the page is the table', () => {
  if (process.env['SAPHAN_WRITE_DOCS'] === '1') writeFileSync(PAGE, page());
  assert.equal(readFileSync(PAGE, 'utf8'), page());
});
