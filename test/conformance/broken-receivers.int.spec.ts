// Receivers that are broken in one way each: the documented ones with one thing changed. The tool must say exactly that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { referenceProfile, runConformance, withTarget } from '#adapters';
import { documentedReceiver, freePort, newSecret, startReceiver } from './documented.js';

/** What is changed in the source, and the faults that must be found. */
type Broken = readonly [name: string, change: readonly [from: string, to: string], faults: readonly string[]];

const AIS: readonly Broken[] = [
  ['takes a wrong signature', ['if (!fits) throw', 'if (false) throw'], ['badSignatureTaken']],
  ['does not look at the clock', ['if (!(away <= 300)) throw', 'if (false) throw'], ['staleTaken']],
  ['verifies nothing', ['verify(request.headers, body);', ''], ['badSignatureTaken', 'unsignedTaken', 'staleTaken']],
  [
    'answers a wrong signature with 500',
    ["refusal(401, 'BAD_SIGNATURE'", "refusal(500, 'BAD_SIGNATURE'"],
    ['statusWrong'],
  ],
  [
    'looks at the first signature only',
    ["given.split(' ').flatMap", "given.split(' ').slice(0, 1).flatMap"],
    ['rotationRefused'],
  ],
  [
    'takes a repeated number a second time',
    [
      'return [409, { batch, receipt, sha256: hash, outcomes }]',
      "return [200, { batch, receipt: 'accepted', outcomes }]",
    ],
    ['repeatedTakenAgain'],
  ],
  [
    'tells no hash',
    ['return [409, { batch, receipt, sha256: hash, outcomes }]', 'return [409, { batch, receipt }]'],
    ['hashAbsent'],
  ],
  ['hashes something else', ['batch.sha256 = sha256(batch.bodies)', "batch.sha256 = sha256(['x'])"], ['hashWrong']],
  [
    'answers with a page of HTML',
    ['.end(JSON.stringify(answer))', ".end('<html>Sign in</html>')"],
    ['answerNotContract'],
  ],
  [
    'calls its JSON something else',
    ["'content-type': 'application/json'", "'content-type': 'text/html'"],
    ['answerNotContract'],
  ],
  [
    'forgets to answer',
    ['response.writeHead(status', 'if (request.method === "GET") response.writeHead(status'],
    ['noAnswer'],
  ],
  [
    'answers other positions',
    ['const first = data.lines[0]?.n ?? 1;', 'const first = (data.lines[0]?.n ?? 1) + 1;'],
    ['positionsWrong'],
  ],
  [
    'answers with no outcomes',
    ['return [200, { batch, receipt, outcomes }]', 'return [200, { batch, receipt }]'],
    ['outcomesAbsent'],
  ],
  [
    'leaves the last position out',
    ['last: first + data.lines.length - 1', 'last: Math.max(first, first + data.lines.length - 2)'],
    ['outcomesIncomplete'],
  ],
  ['does not count', ['data.lines.length !== data.count', 'false'], ['malformedTaken']],
  [
    'does not look whose batch it is',
    ['if (subject !== PROVIDER || data.provider !== PROVIDER)', 'if (false)'],
    ['malformedTaken'],
  ],
  [
    'remembers what it refused',
    [
      'verify(request.headers, body); //',
      'try { verify(request.headers, body); } catch (error) { take(body); throw error; } //',
    ],
    ['refusedRemembered'],
  ],
  [
    'refuses members that it does not know',
    [
      'const { subject, data } = event ?? {};',
      "const { subject, data } = event ?? {};\n  if (event.laterextension) throw wrong('NOT_READABLE', 'what is this');",
    ],
    ['unknownFieldRefused'],
  ],
  [
    'wants numbers in order',
    [
      'batches.set(data.batch, batch);',
      "if (data.batch < highest && !batch.bodies[0]) throw refusal(422, 'WRONG_NUMBER', 'late');\n  batches.set(data.batch, batch);",
    ],
    ['orderRefused'],
  ],
  ['does not know what it took', ['if (!batch) throw refusal(404', 'if (true) throw refusal(404'], ['statusUnknown']],
  [
    'knows what never came',
    [
      'if (!batch) throw refusal(404',
      "if (!batch) return { batch: number, state: 'applied' };\n  if (!batch) throw refusal(404",
    ],
    ['statusInvented'],
  ],
  ['forgets its highest number', ['highestBatch: highest', 'highestBatch: 0'], ['highestWrong']],
  ['takes no large body', ['const LONGEST = 64 * 1024 * 1024', 'const LONGEST = 64 * 1024'], ['largeRefused']],
  [
    'rejects the removal of what is not there',
    [
      "line.op === 'ADD' ? refusalOf(line) : null",
      "line.op === 'ADD' ? refusalOf(line) : before?.terms ? null : 'NOT_SUBSCRIBER'",
    ],
    ['removalRejected'],
  ],
  [
    'keeps what a full list does not name',
    ['for (const [ref, { seq }] of held) if', 'for (const [ref, { seq }] of []) if'],
    ['fullListNotRemoved'],
  ],
  [
    'takes a full list in one part only',
    ["if (!['delta', 'full'].includes(data.kind))", "if (data.parts > 1 || !['delta', 'full'].includes(data.kind))"],
    ['fullListRefused'],
  ],
  [
    'refuses everything',
    ['function take(body) {', "function take(body) {\n  throw refusal(422, 'NOT_READABLE', 'no');"],
    ['goodRefused'],
  ],
];

const TRUE: readonly Broken[] = [
  ['signs callbacks with the hub’s secret', ['sign(OWN_SECRET', 'sign(SECRETS[0]'], ['callbackNotVerified']],
  ['never calls back', ['void tell();', ''], ['callbackMissing']],
  ['gives a callback up when the hub is busy', ['answer.status >= 500 ||', ''], ['callbackNotRepeated']],
  [
    'answers for another number',
    ['provider: PROVIDER, batch, outcomes', 'provider: PROVIDER, batch: 7, outcomes'],
    ['callbackForUnknownBatch'],
  ],
  [
    'calls back in other words',
    ["contract: '1.0', provider: PROVIDER, batch", "contract: '1.0', batch"],
    ['callbackUnreadable'],
  ],
  [
    'does not decompress',
    ["const zipped = request.headers['content-encoding'] === 'gzip'", 'const zipped = false'],
    ['gzipRefused'],
  ],
  [
    'calls back about half of it',
    ['const outcomes = { default:', 'if (from === first && last > first) continue;\n    const outcomes = { default:'],
    ['callbackMissing'],
  ],
];

async function faultsOf(code: 'ais' | 'true', [from, to]: Broken[1]): Promise<string[]> {
  const source = documentedReceiver(code);
  assert.ok(source.includes(from), `the document no longer has "${from}"`);
  const [signing, own] = [newSecret(), newSecret()];
  const port = await freePort();
  const receiver = await startReceiver(source.replace(from, to), {
    SIGNING_SECRETS: signing,
    CALLBACK_SECRET: own,
    HUB: `http://127.0.0.1:${port}`,
  });
  try {
    const reference = referenceProfile(code.toUpperCase())!;
    const placed = withTarget(reference, receiver.target);
    const report = await runConformance({
      profile: { ...placed, transport: { ...placed.transport, timeoutMs: 2_000 }, maxLines: 1_000 },
      secret: (name) => (name.includes('callback') ? own : signing),
      listen: { host: '127.0.0.1', port },
      waitMs: 2_000,
      ...(code === 'true' ? { skip: ['large', 'full list'] } : {}),
    });
    assert.equal(report.verdict, 'failed');
    for (const { what, todo, cases } of report.faults)
      assert.ok(what.th && what.en && todo.th && todo.en && cases.length > 0);
    return report.faults.map((one) => one.fault);
  } finally {
    await receiver.stop();
  }
}

for (const [code, table] of [
  ['ais', AIS],
  ['true', TRUE],
] as const) {
  describe(`a receiver like the one of ${code}.md that`, () => {
    for (const [name, change, faults] of table)
      test(name, async () => assert.deepEqual(await faultsOf(code, change), faults));
  });
}
