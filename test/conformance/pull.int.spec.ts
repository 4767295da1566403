// A provider that pulls: the receiver of docs/providers/receivers passes the tool, and each broken one is reported for
// exactly its fault.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConformanceRefused, referenceProfile, runConformance, withTarget, type ConformanceReport } from '#adapters';
import { freePort, newSecret, startReceiver } from './documented.js';
import { saphan } from './run-saphan.js';

const SOURCE = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', '3bb.mjs'), 'utf8');
const KEY = 'sk_of-this-test-alone';

test('docs/providers/receivers/3bb.mjs passes the tool, and again after a restart', async () => {
  const [signing, own, port] = [newSecret(), newSecret(), await freePort()];
  const receiver = await startReceiver(SOURCE, {
    SIGNING_SECRETS: signing,
    CALLBACK_SECRET: own,
    HUB: `http://127.0.0.1:${port}`,
    KEY,
  });
  try {
    const env = {
      SAPHAN_SECRET_3BB_SIGNING_1: signing,
      SAPHAN_SECRET_3BB_CALLBACK_1: own,
      SAPHAN_SECRET_3BB_PULL_1: KEY,
    };
    const command = ['--provider', '3BB', '--reference', '--target', receiver.target, '--wait', '10', '--json'];
    let before = 0;
    for (const run of ['first', 'after the restart']) {
      const ended = await saphan([...command, '--listen', `127.0.0.1:${port}`], env);
      const report = JSON.parse(ended.out) as ConformanceReport;
      assert.deepEqual(report.faults, [], `${run}: ${ended.out}`);
      assert.equal(ended.code, 0, ended.err);
      assert.deepEqual(
        report.cases.filter((one) => one.verdict !== 'passed').map((one) => one.name),
        [],
      );
      assert.ok(report.figures.firstNumber > before, `${run}: it began at a number of the run before`);
      before = report.figures.firstNumber;
      await receiver.restart();
    }
    const keyless = await saphan(command, { ...env, SAPHAN_SECRET_3BB_PULL_1: undefined });
    assert.equal(keyless.code, 2);
    assert.match(keyless.out + keyless.err, /SAPHAN_SECRET_3BB_PULL_1/);
  } finally {
    await receiver.stop();
  }
});

test('without the key of the feed nothing is sent', async () => {
  const profile = withTarget(referenceProfile('3BB')!, 'http://127.0.0.1:9');
  await assert.rejects(
    runConformance({
      profile,
      secret: (name) => (name.includes('pull') ? undefined : newSecret()),
      waitMs: 1_000,
    }),
    (error) => error instanceof ConformanceRefused && /3bb\.pull\.1/.test(error.message),
  );
});

/** What is changed in the source or in the settings, and the faults that must be found. */
type Broken = readonly [
  name: string,
  change: readonly [from: string, to: string] | { settings: Record<string, string> },
  faults: readonly string[],
];

const READ_CHECK =
  "if (end.end !== true || end.sha256 !== hash || end.count !== lines.length) throw new Error('the page is not whole');";

const BROKEN: readonly Broken[] = [
  [
    'takes a wrong signature',
    ['return good.some((each) => each.length', 'return true || good.some((each) => each.length'],
    ['badSignatureTaken'],
  ],
  ['does not look at the clock', ['!(Math.abs(Date.now() / 1000 - Number(at)) <= 300)', 'false'], ['staleTaken']],
  ['takes what is not signed', ['if (!id || !given ||', 'if (!given) return true;\n  if (!id ||'], ['unsignedTaken']],
  [
    'looks at the first signature only',
    ["return given.split(' ').some", "return given.split(' ').slice(0, 1).some"],
    ['rotationRefused'],
  ],
  ['answers a wrong signature with 500', ['response.writeHead(401)', 'response.writeHead(500)'], ['statusWrong']],
  [
    'is woken by anybody',
    ['if (body.length > LONGEST_EVENT ||', 'wanted = true;\n  if (body.length > LONGEST_EVENT ||'],
    ['pulledUnproven'],
  ],
  ['knows another signing secret', { settings: { SIGNING_SECRETS: newSecret() } }, ['eventRefused']],
  ['reads with another key', { settings: { KEY: 'sk_another' } }, ['feedKeyWrong']],
  ['never reads', ['void reader();', ''], ['notPulled']],
  [
    'refuses an event that it knows',
    [
      'wanted = true; // whatever',
      "const known = (globalThis.known ??= new Set());\n  const id = request.headers['webhook-id'];\n  if (known.has(id)) return response.writeHead(422).end();\n  known.add(id);\n  wanted = true; // whatever",
    ],
    ['eventRepeatRefused'],
  ],
  ['reads one page an event', ['    take(page);\n  }', '    take(page);\n    return;\n  }'], ['notReadToEnd']],
  ['never comes with the next cursor', ['  cursor = next;', ''], ['cursorNotTaken']],
  ['counts cursors up by itself', ['  cursor = next;', '  cursor = `${batch + 1}-1`;'], ['cursorInvented']],
  ['does not check what it read', [READ_CHECK, ''], ['brokenPageTaken']],
  [
    'gives a broken page up',
    [
      'setTimeout(() => (wanted = true), 1_000);',
      "if (error.message === 'fetch failed') setTimeout(() => (wanted = true), 200);\n      else notBefore = Infinity;",
    ],
    ['brokenPageLost'],
  ],
  [
    'does not unpack',
    [
      'const get = (path) => fetch(`${HUB}${path}`, { headers: { authorization: `Bearer ${KEY}` } });',
      "const get = async (path) => {\n  const { request } = await import('node:http');\n  return new Promise((resolve, reject) => request(`${HUB}${path}`, { headers: { authorization: `Bearer ${KEY}`, 'accept-encoding': 'gzip' } }, async (answer) => {\n    const all = [];\n    try { for await (const one of answer) all.push(one); } catch (error) { return reject(error); }\n    const text = Buffer.concat(all).toString();\n    resolve({ status: answer.statusCode, headers: new Headers({ 'retry-after': answer.headers['retry-after'] ?? '0' }), text: async () => text, json: async () => JSON.parse(text) });\n  }).on('error', reject).end());\n};",
    ],
    ['gzipNotUnpacked'],
  ],
  [
    'does not wait as long as it is told',
    ["1_000 * Number(answer.headers.get('retry-after') ?? 0)", '0'],
    ['laterNotHeeded'],
  ],
  [
    'gives up when the hub is busy',
    [
      'if (answer.status !== 200) throw',
      'if (answer.status === 503) return void (notBefore = Infinity);\n    if (answer.status !== 200) throw',
    ],
    ['laterGivenUp'],
  ],
  [
    'refuses members that it does not know',
    [
      '  const [header, ...lines] =',
      "  if (rows[0].includes('\"later\"')) throw new Error('what is this');\n  const [header, ...lines] =",
    ],
    ['unknownFieldRefused'],
  ],
  [
    'takes no large page',
    ['    read(page);', "    if (page.length > 100_000) throw new Error('too large');\n    read(page);"],
    ['largeRefused'],
  ],
  [
    'keeps what a full list does not name',
    ['for (const [ref, { seq }] of held) if', 'for (const [ref, { seq }] of []) if'],
    ['fullListNotRemoved'],
  ],
  ['does not know 410', ['if (answer.status === 410) {', 'if (answer.status === 411) {'], ['erasedNotFollowed']],
  ['signs with the hub’s secret', ['sign(CALLBACK_SECRET', 'sign(SIGNING_SECRETS'], ['callbackNotVerified']],
  ['posts no outcomes', ['void tell();', ''], ['callbackMissing']],
  [
    'answers for another batch',
    ['provider: PROVIDER, batch, outcomes', 'provider: PROVIDER, batch: 7, outcomes'],
    ['callbackForUnknownBatch'],
  ],
  [
    'answers in other words',
    ["contract: '1.0', provider: PROVIDER, batch", "contract: '1.0', batch"],
    ['callbackUnreadable'],
  ],
  [
    'leaves the last line out',
    ['last: lines.at(-1).n }', 'last: Math.max(lines[0].n, lines.at(-1).n - 1) }'],
    ['callbackMissing'],
  ],
  [
    'answers other positions',
    ['first: lines[0].n, last: lines.at(-1).n }', 'first: lines[0].n + 1, last: lines.at(-1).n + 1 }'],
    ['positionsWrong'],
  ],
  ['gives outcomes up when the hub is busy', ['answer.status >= 500 ||', ''], ['callbackNotRepeated']],
  [
    'rejects the removal of what is not there',
    [
      "const code = op === 'ADD' ? refusalOf({ access, line }) : null;",
      "const code = op === 'ADD' ? refusalOf({ access, line }) : before?.terms ? null : 'NOT_SUBSCRIBER';",
    ],
    ['removalRejected'],
  ],
];

async function faultsOf(change: Broken[1]): Promise<string[]> {
  let source = SOURCE;
  if (!('settings' in change)) {
    const [from, to] = change;
    assert.ok(source.includes(from), `the receiver no longer has "${from}"`);
    source = source.replace(from, () => to);
  }
  const [signing, own, port] = [newSecret(), newSecret(), await freePort()];
  const receiver = await startReceiver(source, {
    SIGNING_SECRETS: signing,
    CALLBACK_SECRET: own,
    HUB: `http://127.0.0.1:${port}`,
    KEY,
    ...('settings' in change ? change.settings : {}),
  });
  try {
    const report = await runConformance({
      profile: { ...withTarget(referenceProfile('3BB')!, receiver.target), maxLines: 1_000 },
      secret: (name) => (name.includes('pull') ? KEY : name.includes('callback') ? own : signing),
      listen: { host: '127.0.0.1', port },
      waitMs: 4_000,
    });
    assert.equal(report.verdict, 'failed');
    for (const { what, todo, cases } of report.faults)
      assert.ok(what.th && what.en && todo.th && todo.en && cases.length > 0);
    return report.faults.map((one) => one.fault);
  } finally {
    await receiver.stop();
  }
}

describe('a receiver like 3bb.mjs that', { concurrency: 4 }, () => {
  for (const [name, change, faults] of BROKEN) test(name, async () => assert.deepEqual(await faultsOf(change), faults));
});
