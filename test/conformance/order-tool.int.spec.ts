// The tool against servers of service orders: docs/providers/receivers/dtac.mjs as a process passes, and each receiver
// like it that is broken in one way is reported for exactly that.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { referenceProfile, runConformance, withTarget, type ConformanceReport } from '#adapters';
import type { WebhookTransport } from '#contracts';
import { freePort, newSecret, startReceiver } from './documented.js';
import { saphan } from './run-saphan.js';

const SOURCE = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', 'dtac.mjs'), 'utf8');

interface Judging {
  source?: string;
  waitMs?: number;
  skip?: string[];
}

async function judged({ source = SOURCE, waitMs = 2_000, skip = ['large'] }: Judging): Promise<ConformanceReport> {
  const [signing, own] = [newSecret(), newSecret()];
  const receiver = await startReceiver(source, { SIGNING_SECRETS: signing });
  try {
    const placed = withTarget(referenceProfile('DTAC')!, receiver.target);
    return await runConformance({
      profile: { ...placed, transport: { ...placed.transport, timeoutMs: 2_000 } },
      secret: (name) => (name.includes('callback') ? own : signing),
      waitMs,
      skip,
    });
  } finally {
    await receiver.stop();
  }
}

const CASES = [
  'subscribed',
  'good',
  'asked',
  'repeated',
  'reordered',
  'partial',
  'change',
  'removal',
  'malformed',
  'further members',
  'signatures',
  'large',
  'unsubscribed',
  'tidy',
];

test('docs/providers/receivers/dtac.mjs passes the tool, and again after a restart with what it stored', async () => {
  const [signing, own] = [newSecret(), newSecret()];
  const receiver = await startReceiver(SOURCE, { SIGNING_SECRETS: `${newSecret()},${signing}` });
  try {
    const env = { SAPHAN_SECRET_DTAC_SIGNING_1: signing, SAPHAN_SECRET_DTAC_CALLBACK_1: own };
    let before = 0;
    for (const run of ['first', 'after the restart']) {
      const listen = `127.0.0.1:${await freePort()}`;
      const args = [
        '--provider',
        'DTAC',
        '--reference',
        '--target',
        receiver.target,
        '--listen',
        listen,
        '--wait',
        '10',
      ];
      const ended = await saphan([...args, '--json'], env);
      const report = JSON.parse(ended.out) as ConformanceReport;
      assert.deepEqual(report.faults, [], `${run}: ${ended.out}`);
      assert.equal(ended.code, 0, ended.err);
      assert.deepEqual(
        report.cases.map((one) => [one.name, one.verdict]),
        CASES.map((name) => [name, 'passed']),
      );
      assert.ok(report.figures.firstNumber > before, `${run}: it began at a number of the run before`);
      assert.equal(report.figures.lines > 2 * referenceProfile('DTAC')!.maxLines, true);
      before = report.figures.firstNumber;
      await receiver.restart();
    }
  } finally {
    await receiver.stop();
  }
});

test('only the named lines are sent, with one alone all but one case can be tried, and nothing is left behind', async () => {
  const line = '+66812345678';
  const signing = newSecret();
  const receiver = await startReceiver(SOURCE, { SIGNING_SECRETS: signing });
  try {
    const placed = withTarget(referenceProfile('DTAC')!, receiver.target);
    const report = await runConformance({
      profile: { ...placed, testLines: [{ access: 'MB', line }], maxLines: 50 },
      secret: () => signing,
      waitMs: 5_000,
    });
    assert.deepEqual(report.faults, []);
    assert.deepEqual(
      report.cases.filter((one) => one.verdict !== 'passed').map((one) => one.name),
      ['reordered'],
    );
    const stored = readFileSync(receiver.store, 'utf8');
    assert.deepEqual([...new Set(stored.match(/\+66\d+/g))], [line]);
    // The subscription was ended, so that the next one is taken.
    assert.deepEqual(JSON.parse(stored.split('\n').findLast((text) => text.includes('subscribed')) ?? ''), {
      subscribed: null,
    });
    assert.ok(!JSON.stringify(report).includes(line));
  } finally {
    await receiver.stop();
  }
});

test('whoever proves the hub by an API key need not look at signatures, but at the key', async () => {
  const key = 'key-of-this-test-alone';
  const signing = newSecret();
  const check = "if (headers['x-api-key'] !== API_KEY) throw failure(401, 'CREDENTIALS', 'no key');\n  return;";
  for (const [by, faults] of [
    [check, []],
    ['return;', ['credentialsNotChecked']],
  ] as const) {
    const source = SOURCE.replace(
      'function verify(headers, body) {',
      `const { API_KEY } = process.env;\nfunction verify(headers, body) {\n  ${by}`,
    );
    const receiver = await startReceiver(source, { SIGNING_SECRETS: signing, API_KEY: key });
    try {
      const placed = withTarget(referenceProfile('DTAC')!, receiver.target);
      const authentication = { kind: 'apiKey', header: 'x-api-key', secret: 'dtac.apiKey.1' } as const;
      const transport = { ...(placed.transport as WebhookTransport), authentication };
      const report = await runConformance({
        profile: { ...placed, transport },
        secret: (name) => (name === 'dtac.apiKey.1' ? key : signing),
        waitMs: 2_000,
        skip: ['large'],
      });
      assert.deepEqual(
        report.faults.map((one) => one.fault),
        faults,
      );
    } finally {
      await receiver.stop();
    }
  }
});

/** What is changed in the source, and the faults that must be found. */
type Broken = readonly [name: string, change: readonly [from: string, to: string], faults: readonly string[]];

const BROKEN: readonly Broken[] = [
  // The subscription and its events.
  [
    'refuses the subscription',
    [
      "if (method === 'POST' && path === '/hub') {",
      "if (method === 'POST' && path === '/hub') {\n    throw failure(501, '50101', 'no');",
    ],
    ['hubRefused'],
  ],
  ['has another listener', ['if (hub) throw failure(409', 'if (true) throw failure(409'], ['hubTaken']],
  ['tells no id of the subscription', ['return [201, hub];', 'return [201, { callback }];'], ['hubAnswerUnusable']],
  ['takes a subscription with 200', ['return [201, hub];', 'return [200, hub];'], ['hubRefused']],
  [
    'does not end a subscription',
    ["if (method === 'DELETE' && hub", "if (method === 'NEVER' && hub"],
    ['hubNotDeleted'],
  ],
  ['goes on after the end of a subscription', ['    subscribe(null);\n', ''], ['eventAfterEnd']],
  ['never posts an event', ['\nvoid tell();', ''], ['eventMissing']],
  [
    'posts events elsewhere',
    ['`${hub.callback}/listener/', "`${hub.callback.replace(/tmf641.*/, '')}events/"],
    ['eventElsewhere'],
  ],
  ['changes the token', ['`${hub.callback}/listener/', '`${hub.callback}x/listener/'], ['eventElsewhere']],
  ['posts events without the order', ['event: { serviceOrder: done }', 'event: {}'], ['eventUnusable']],
  [
    'posts the order instead of an event',
    ['body: JSON.stringify(event) }', 'body: JSON.stringify(event.event.serviceOrder) }'],
    ['eventUnusable'],
  ],
  [
    'writes Buddhist years',
    [
      'const event = { eventId: `evt-${id}`, eventTime: at,',
      'const event = { eventId: `evt-${id}`, eventTime: at.replace(/^2\\d{3}/, (year) => Number(year) + 543),',
    ],
    ['eventNotStandard'],
  ],
  [
    'tells no id of events',
    ['body: JSON.stringify(event) }', 'body: JSON.stringify({ ...event, eventId: undefined }) }'],
    ['eventNotStandard'],
  ],
  [
    'posts events of other keys',
    [
      'body: JSON.stringify(event) }',
      "body: JSON.stringify(event).replaceAll(/SAPHAN-DTAC-\\d+/g, 'SAPHAN-DTAC-000000007') }",
    ],
    ['eventForUnknownOrder'],
  ],
  [
    'says otherwise by event',
    [
      'body: JSON.stringify(event) }',
      'body: JSON.stringify(event).replaceAll(\'"completed"\', \'"failed"\').replaceAll(\'"service":\', \'"errorMessage":[{"code":"NOT_SUBSCRIBER"}],"service":\') }',
    ],
    ['outcomesContradict'],
  ],
  // Orders and looking them up.
  ['refuses everything', ['const trouble = troubleWith(order);', "const trouble = 'no';"], ['goodRefused']],
  [
    'answers with a page of HTML',
    [
      'response.end(answer === undefined ? undefined : JSON.stringify(answer));',
      "response.end('<html>Sign in</html>');",
    ],
    ['hubAnswerUnusable', 'orderUnusable'],
  ],
  [
    'calls its JSON something else',
    [
      "response.writeHead(status, { 'content-type': 'application/json;charset=utf-8'",
      "response.writeHead(status, { 'content-type': 'text/html'",
    ],
    ['orderUnusable'],
  ],
  [
    'forgets to answer orders',
    [
      '  response.writeHead(status, {',
      "  if (request.method === 'POST' && !request.url.endsWith('/hub')) return;\n  response.writeHead(status, {",
    ],
    ['noAnswer'],
  ],
  [
    'gives externalId back changed',
    [
      'const done = { id, href: `${BASE}/serviceOrder/${id}`, externalId: order.externalId,',
      'const done = { id, href: `${BASE}/serviceOrder/${id}`, externalId: order.externalId.toLowerCase(),',
    ],
    ['orderUnusable'],
  ],
  [
    'leaves the action out',
    [
      'serviceOrderItem: serviceOrderItem.map(({ id, action }) => ({\n    id,\n    action,',
      'serviceOrderItem: serviceOrderItem.map(({ id }) => ({\n    id,',
    ],
    ['orderNotStandard'],
  ],
  [
    'gives items other refs',
    [
      "    id: item.id,\n    action: item.action,\n    state: 'completed',",
      "    id: `${item.id}x`,\n    action: item.action,\n    state: 'completed',",
    ],
    ['positionsWrong'],
  ],
  [
    'is never done',
    [
      'const done = { id, href',
      "if (true) { const open = { id, externalId: order.externalId, state: 'inProgress', serviceOrderItem: [] }; orders.set(id, open); byExternalId.set(order.externalId, open); return open; }\n  const done = { id, href",
    ],
    ['orderNeverDone'],
  ],
  ['takes a known key again', ['if (known) throw', 'if (false) throw'], ['orderTakenTwice']],
  [
    'answers a known key with 500',
    ["if (known) throw failure(409, '40901'", "if (known) throw failure(500, '40901'"],
    ['statusWrong'],
  ],
  ['does not find by externalId', ['[byExternalId.get(externalId)].filter(Boolean)', '[]'], ['orderNotFound']],
  [
    'finds what was never sent',
    ['[byExternalId.get(externalId)].filter(Boolean)', "[byExternalId.get(externalId) ?? { id: 'SO-0', externalId }]"],
    ['orderInvented'],
  ],
  [
    'lists with 404',
    [
      'const all = externalId ?',
      "if (externalId && !byExternalId.has(externalId)) throw failure(404, '404', 'none');\n    const all = externalId ?",
    ],
    ['listUnusable'],
  ],
  [
    'does not show an order',
    ["if (method === 'GET' && order) return", "if (method === 'GET' && order && false) return"],
    ['orderNotShown'],
  ],
  [
    'wants numbers in order',
    [
      'const names = {',
      "if ([...byExternalId.keys()].some((one) => one > order.externalId)) throw failure(422, 'WRONG_NUMBER', 'late');\n    const names = {",
    ],
    ['orderRefused'],
  ],
  // Items, and the services that they name.
  ['tells no service id', ['service: id ? { id, state } :', 'service: false ? { id, state } :'], ['serviceIdAbsent']],
  [
    'tells ids that it does not know',
    ['service: id ? { id, state } :', 'service: id ? { id: `x-${id}`, state } :'],
    ['serviceIdUnknown'],
  ],
  [
    'gives a changed service another id',
    ['const id = held?.id ?? serviceId;', 'const id = serviceId;'],
    ['serviceIdChanged'],
  ],
  [
    'refuses what is partly wrong',
    [
      'const names = {',
      "if (order.serviceOrderItem.length > 1 && order.serviceOrderItem.some((one) => one.action === 'modify' && !services.has(one.service.id))) throw failure(422, 'INVALID_FORMAT', 'a service');\n    const names = {",
    ],
    ['partialRefused'],
  ],
  [
    'calls what is partly done failed',
    ["items.length ? 'failed' : 'partial'", "items.length ? 'failed' : 'failed'"],
    ['partialNotSaid'],
  ],
  [
    'leaves failed items out',
    [
      "serviceOrderItem: items, '@type'",
      "serviceOrderItem: failed < items.length ? items.filter((one) => one.state !== 'failed') : items, '@type'",
    ],
    ['itemsUnanswered'],
  ],
  [
    'makes a service of a modify',
    ["if (item.action === 'modify' && held?.ref !== ref) return", 'if (false) return'],
    ['absentModifyCompleted'],
  ],
  [
    'has its own word for a missing service',
    ["return failed('SERVICE_NOT_FOUND')", "return failed('ORA-01403')"],
    ['serviceNotFoundUnsaid'],
  ],
  [
    'rejects the removal of what is gone',
    ["if (!held) return failed('ALREADY_REMOVED')", "if (!held) return failed('NOT_SUBSCRIBER')"],
    ['absentDeleteRejected'],
  ],
  // What must not be taken.
  [
    'takes an order without items',
    ['if (!Array.isArray(items) || items.length === 0) return', 'if (!Array.isArray(items)) return'],
    ['emptyOrderTaken'],
  ],
  ['takes any action', [' && ACTIONS.includes(one.action)', ''], ['unknownActionTaken']],
  [
    'takes an order without a key',
    ["if (typeof order?.externalId !== 'string') return 'externalId is absent';", ''],
    ['malformedOrderTaken'],
  ],
  [
    'takes an item without a service',
    ['one?.id && one.service &&', 'one?.id && (one.service ??= {}) &&'],
    ['malformedOrderTaken'],
  ],
  ['looks at no media type', ["if (method === 'POST' && !json) throw", 'if (false) throw'], ['mediaTypeIgnored']],
  [
    'says nothing in its refusals',
    ["{ code, reason: message, status: String(status), '@type': 'Error' }", '{ message }'],
    ['errorNotStandard'],
  ],
  ['answers a broken order with 500', ['error instanceof SyntaxError ? 400 : 500', '500'], ['statusWrong']],
  [
    'remembers what it refused',
    [
      'if (trouble) throw failure(400',
      "if (trouble) byExternalId.set(order?.externalId, { id: 'SO-0' });\n    if (trouble) throw failure(400",
    ],
    ['refusedRemembered'],
  ],
  [
    'refuses what it does not know',
    [
      'const trouble = troubleWith(order);',
      "const trouble = order?.laterMember ? 'what is this' : troubleWith(order);",
    ],
    ['unknownFieldRefused'],
  ],
  ['takes a wrong signature', ['if (!fits) throw', "if (!fits && given === '') throw"], ['badSignatureTaken']],
  ['takes an unsigned order', ['if (!fits) throw', "if (given === '') return;\n  if (!fits) throw"], ['unsignedTaken']],
  ['does not look at the clock', ['if (!(Math.abs(Date.now()', 'if (false && !(Math.abs(Date.now()'], ['staleTaken']],
  [
    'looks at the first signature only',
    ["given.split(' ').map", "given.split(' ').slice(0, 1).map"],
    ['rotationRefused'],
  ],
];

describe('a receiver like docs/providers/receivers/dtac.mjs that', { concurrency: 4 }, () => {
  for (const [name, [from, to], faults] of BROKEN) {
    test(name, async () => {
      assert.equal(SOURCE.split(from).length, 2, `the receiver has not exactly one "${from}"`);
      const report = await judged({ source: SOURCE.replace(from, () => to), waitMs: 1_500 });
      assert.deepEqual(
        report.faults.map((one) => one.fault),
        faults,
        JSON.stringify(report.faults.map((one) => [one.fault, one.seen, one.cases])),
      );
      for (const { what, todo, cases } of report.faults)
        assert.ok(what.th && what.en && todo.th && todo.en && cases.length > 0);
      assert.equal(report.verdict, 'failed');
    });
  }

  test('takes no large order', async () => {
    const limited = SOURCE.replace(
      'const order = JSON.parse(body);',
      "if (body.length > 65_536) throw failure(413, '413', 'large');\n    const order = JSON.parse(body);",
    );
    const { faults } = await judged({ source: limited, skip: [] });
    assert.deepEqual(
      faults.map((one) => one.fault),
      ['largeOrderRefused'],
    );
  });
});
