// Bad callbacks of every kind, sent to a running API and worker with real batches: each is answered with what to do, set
// aside, counted and shown, and no row of any table of state moves.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import axios from 'axios';
import type { SetAsideReason } from '#contracts';
import { createApiKey } from '#operations';
import { HUB_ACTOR_ID, query } from '#platform';
import {
  movedSince,
  startCallbackHub,
  stateOf,
  type CallbackHub,
  type Message,
  type SentLine,
} from '../callbacks/callback-kit.js';

const STRANGE = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const HTML = '<!doctype html><html><title>Please wait</title></html>';

interface BadInput {
  what: string;
  send: Partial<Message> & { body: Buffer | string };
  status: number;
  reason: SetAsideReason;
  says: RegExp;
}

describe('bad callbacks', () => {
  let kit: CallbackHub;
  let first: number;
  let second: number;
  let lines: SentLine[];
  before(async () => {
    kit = await startCallbackHub({ providers: ['TRUE', 'AIS'] });
    [first = 0] = await kit.send(40);
    [second = 0] = await kit.send(25);
    lines = await kit.lines(first);
  });
  after(() => kit.close());

  const ref = (n: number): string => lines[n - 1]?.ref ?? '';
  const get = async (path: string) =>
    (await axios.get(`${kit.address}${path}`, { headers: { authorization: `Bearer ${kit.key}` } })).data;

  function badInputs(): BadInput[] {
    const good = kit.event(first, { default: 'applied', except: [] });
    const event = kit.event;
    const item = { n: 1, ref: ref(1), outcome: 'applied' };
    const now = Math.floor(Date.now() / 1000);
    const bad: [string, BadInput['send'], number, SetAsideReason, RegExp][] = [
      ['no signature', { body: good, headers: { 'webhook-signature': '' } }, 401, 'unsigned', /webhook-timestamp/],
      ['no id', { body: good, headers: { 'webhook-id': '' } }, 401, 'unsigned', /webhook-id/],
      ['a stranger’s secret', { body: good, secret: STRANGE }, 401, 'signatureWrong', /your own secret/],
      [
        'the hub’s own secret',
        { body: good, secret: kit.hub.simulator.get('TRUE').hubSecrets[0] ?? '' },
        401,
        'signatureWrong',
        /not the hub's/,
      ],
      ['bytes dropped on the way', { body: good.slice(0, -1), signedBody: good }, 401, 'signatureWrong', /raw body/],
      [
        'a digit changed on the way',
        { body: good.replace(`"batch":${first}`, `"batch":${second}`), signedBody: good },
        401,
        'signatureWrong',
        /raw body/,
      ],
      ['an old timestamp', { body: good, at: now - 600 }, 401, 'clockWrong', /set your clock/],
      ['a timestamp of tomorrow', { body: good, at: now + 86_400 }, 401, 'clockWrong', /sign anew for each attempt/],
      [
        'a timestamp in milliseconds',
        { body: good, headers: { 'webhook-timestamp': `${now}000` } },
        401,
        'unsigned',
        /unix seconds/,
      ],
      ['too many bytes', { body: ' '.repeat(9 * 1024 * 1024) }, 413, 'tooLarge', /several callbacks/],
      [
        'a gzip bomb',
        { body: gzipSync(Buffer.alloc(200 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } },
        413,
        'tooLarge',
        /after unpacking/,
      ],
      [
        'broken gzip',
        { body: gzipSync(good).subarray(0, 60), headers: { 'content-encoding': 'gzip' } },
        400,
        'notReadable',
        /compression is broken/,
      ],
      [
        'no gzip at all',
        { body: good, headers: { 'content-encoding': 'gzip' } },
        400,
        'notReadable',
        /compression is broken/,
      ],
      [
        'an unknown encoding',
        { body: good, headers: { 'content-encoding': 'zip' } },
        415,
        'notReadable',
        /gzip or deflate/,
      ],
      [
        'a web page',
        { body: HTML, headers: { 'content-type': 'text/html' } },
        415,
        'notReadable',
        /application\/cloudevents\+json/,
      ],
      ['a web page that calls itself JSON', { body: HTML }, 422, 'notReadable', /HTML/],
      ['JSON cut off, and signed so', { body: good.slice(0, -7) }, 422, 'notReadable', /no JSON came/],
      ['nothing', { body: '' }, 422, 'notReadable', /empty body/],
      ['a list', { body: '[1]' }, 422, 'notUsable', /an array, a JSON object/],
      ['nesting without end', { body: '['.repeat(200_000) }, 422, 'notReadable', /no JSON came/],
      [
        'another type of event',
        { body: event(first, { except: [] }, {}, { type: 'x' }) },
        422,
        'notUsable',
        /"type" is not/,
      ],
      ['another version', { body: event(first, { except: [] }, { contract: '2.0' }) }, 422, 'notUsable', /1.x version/],
      [
        'another provider',
        { body: event(first, { default: 'applied', except: [] }, { provider: 'AIS' }) },
        422,
        'wrongProvider',
        /not "TRUE"/,
      ],
      [
        'a Buddhist year',
        { body: event(first, { default: 'applied', except: [] }, {}, { time: '2563-03-18T17:05:10Z' }) },
        422,
        'notUsable',
        /Buddhist year 2563; write the year 2020/,
      ],
      [
        'an event of tomorrow',
        {
          body: event(
            first,
            { default: 'applied', except: [] },
            {},
            { time: new Date(Date.now() + 86_400_000).toISOString() },
          ),
        },
        422,
        'clockWrong',
        /in the future/,
      ],
      ['no outcomes', { body: event(first, null) }, 422, 'notUsable', /"data.outcomes" is absent/],
      [
        'a word nobody knows',
        { body: event(first, { except: [{ ...item, outcome: 'done' }] }) },
        422,
        'notUsable',
        /none of applied/,
      ],
      [
        'a rejection without a code',
        { body: event(first, { except: [{ ...item, outcome: 'rejected' }] }) },
        422,
        'notUsable',
        /needs one of/,
      ],
      [
        'a code outside the table',
        { body: event(first, { except: [{ ...item, outcome: 'rejected', code: 'E202' }] }) },
        422,
        'notUsable',
        /none of PORTED_OUT/,
      ],
      ['a position twice', { body: event(first, { except: [item, item] }) }, 422, 'notUsable', /a second time/],
      [
        'a position as text',
        { body: event(first, { except: [{ ...item, n: '1' }] }) },
        422,
        'notUsable',
        /no position from 1/,
      ],
      [
        'position nought',
        { body: event(first, { except: [{ ...item, n: 0 }] }) },
        422,
        'notUsable',
        /no position from 1/,
      ],
      [
        'first after last',
        { body: event(first, { default: 'applied', except: [], first: 9, last: 3 }) },
        422,
        'notUsable',
        /is after/,
      ],
      [
        'a number that was never given',
        { body: event(999_999, { default: 'applied', except: [] }) },
        422,
        'unknownBatch',
        /number of the batch that was received/,
      ],
      [
        'the greatest number there is',
        { body: event(Number.MAX_SAFE_INTEGER, { default: 'applied', except: [] }) },
        422,
        'unknownBatch',
        /was received/,
      ],
      [
        'more positions than lines',
        { body: event(first, { default: 'applied', except: [], first: 1, last: 41 }) },
        422,
        'outside',
        /which has 40 lines/,
      ],
      [
        'positions of nowhere',
        { body: event(first, { default: 'applied', except: [], first: 1e9, last: 2e9 }) },
        422,
        'outside',
        /from 1/,
      ],
      [
        'lines shifted by one',
        {
          body: event(first, {
            default: 'applied',
            except: lines.slice(0, -1).map(({ n, ref: one }) => ({ n: n + 1, ref: one, outcome: 'applied' })),
          }),
        },
        422,
        'shifted',
        /n and ref/,
      ],
      [
        'refs of another batch',
        { body: event(second, { default: 'applied', except: [item] }) },
        422,
        'shifted',
        /n and ref/,
      ],
      [
        'a ref in capitals',
        { body: event(first, { except: [{ ...item, ref: ref(1).toUpperCase() }] }) },
        422,
        'shifted',
        /n and ref/,
      ],
      [
        'other bytes than were sent',
        {
          body: event(
            first,
            { default: 'applied', except: [] },
            { sha256: createHash('sha256').update('x').digest('hex') },
          ),
        },
        422,
        'otherBytes',
        /fetch the batch again/,
      ],
    ];
    return bad.map(([what, send, status, reason, says]) => ({ what, send, status, reason, says }));
  }

  test('each is answered with what to do, set aside with its reason, and moves nothing', async () => {
    const untouched = await stateOf(kit.hub);
    assert.ok(Object.keys(untouched).length > 20, 'there are tables to compare');
    const messages = async (): Promise<Map<string, number>> =>
      new Map(
        ((await get('/v1/set-aside?provider=TRUE')).groups as { reason: string; messages: number }[]).map(
          (group) => [group.reason, group.messages] as const,
        ),
      );
    for (const { what, send, status, reason, says } of badInputs()) {
      const earlier = (await messages()).get(reason) ?? 0;
      const answer = await kit.post(send);
      assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.data)}`);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
      assert.match(JSON.stringify(answer.data).replaceAll('\\"', '"'), says, what);
      assert.match(answer.data.detailTh ?? '', /[\u0e00-\u0e7f]/, what);
      assert.equal((await messages()).get(reason), earlier + 1, `${what}: counted as ${reason}`);
      assert.deepEqual(await movedSince(kit.hub, untouched), [], what);
    }
    const metrics = String((await axios.get(`${kit.address}/metrics`)).data);
    assert.match(metrics, /saphan_set_aside_messages\{provider="TRUE",reason="signatureWrong"\} 4/);
  });

  test('an id that was used with other content is refused; the repeat of a good one is answered as before', async () => {
    const id = randomUUID();
    const body = kit.event(first, { except: [{ n: 7, ref: ref(7), outcome: 'applied' }] });
    const taken = await kit.post({ id, body });
    assert.deepEqual([taken.status, taken.data], [202, { accepted: 1, setAside: 0 }]);
    const untouched = await stateOf(kit.hub);
    for (const at of [0, 30]) {
      const again = await kit.post({ id, body, at: Math.floor(Date.now() / 1000) - at });
      assert.deepEqual([again.status, again.data], [202, { accepted: 1, setAside: 0 }]);
    }
    const other = await kit.post({ id, body: kit.event(first, { default: 'applied', except: [] }) });
    assert.equal(other.status, 409);
    assert.match(other.data.detail, /new message a new id/);
    assert.deepEqual(await movedSince(kit.hub, untouched), []);
    const { rows } = await get('/v1/set-aside?provider=TRUE&reason=repeatDiffers');
    assert.deepEqual([rows.length, rows[0].batch, rows[0].messages], [1, first, 1]);
  });

  test('of an answer that is wrong in part, what fits is taken, and its default is not', async () => {
    const answer = await kit.say(first, {
      default: 'applied',
      except: [
        { n: 3, ref: ref(3), outcome: 'rejected', code: 'PORTED_OUT' },
        { n: 4, ref: ref(5), outcome: 'applied' },
      ],
    });
    assert.deepEqual([answer.status, answer.data], [202, { accepted: 1, setAside: 1 }]);
    assert.deepEqual([(await kit.batch(first))['heard'], (await kit.batch(first))['n_rejected']], [2, 1]);
  });

  test('a connection that ends in the middle of a callback leaves nothing', async () => {
    const untouched = await stateOf(kit.hub);
    const { hostname, port } = new URL(kit.address);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(
      `POST /v1/providers/TRUE/acknowledgements HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"specversion"`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    assert.deepEqual(await movedSince(kit.hub, untouched), []);
  });

  test('a provider with another way, and one that nobody knows, are told so', async () => {
    for (const [code, status] of [
      ['AIS', 409],
      ['NOBODY', 404],
    ] as const) {
      const answer = await axios.post(`${kit.address}/v1/providers/${code}/acknowledgements`, '{}', {
        headers: { 'content-type': 'application/json' },
        validateStatus: () => true,
      });
      assert.equal(answer.status, status);
    }
  });

  test('the list is filtered and paged, a provider sees its own, and no line stands in it', async () => {
    const all = await get('/v1/set-aside?limit=500');
    assert.ok(all.rows.length > 20);
    const one = await get('/v1/set-aside?reason=shifted&limit=1');
    assert.equal(one.rows.length, 1);
    assert.equal(one.groups.length, 1);
    assert.match(one.groups[0].remedyTh, /[\u0e00-\u0e7f]/);
    const next = await get(`/v1/set-aside?reason=shifted&limit=1&before=${one.next}`);
    assert.ok(next.rows[0].id < one.rows[0].id);
    assert.deepEqual((await get('/v1/set-aside?provider=AIS')).rows, []);
    assert.equal((await get('/v1/providers/TRUE/set-aside?limit=500')).rows.length, all.rows.length);
    const own = await createApiKey(kit.hub.source, { name: 'AIS alone', scopes: ['provider:AIS'] }, HUB_ACTOR_ID);
    const statuses = ['/v1/providers/AIS/set-aside', '/v1/providers/TRUE/set-aside', '/v1/set-aside'].map((path) =>
      axios
        .get(`${kit.address}${path}`, {
          headers: { authorization: `Bearer ${own.key}` },
          validateStatus: () => true,
        })
        .then(({ status }) => status),
    );
    assert.deepEqual(await Promise.all(statuses), [200, 403, 403]);
    const numbers = await query<{ number: string }>(kit.hub.source, 'SELECT substr(line_key, 3) AS number FROM line');
    const text = JSON.stringify(all);
    assert.ok(numbers.every(({ number }) => !text.includes(number)));
    assert.ok(lines.every((line) => !text.includes(line.ref)));
  });

  test('an alert is raised while it goes on, and is over when it has been quiet', async () => {
    const open = async () => (await get('/v1/alerts?provider=TRUE&kind=answersSetAside')).alerts as { text: string }[];
    for (;;) {
      const alerts = await open();
      if (alerts.length > 0) {
        assert.match(alerts[0]?.text ?? '', /set aside repeatedly/);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await query(kit.hub.source, `UPDATE set_aside SET last_at = last_at - interval '2 hours'`);
    while ((await open()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  test('and after all that, an honest answer is taken', async () => {
    const honest = [first, second].map((number) => kit.say(number, { default: 'applied', except: [] }));
    for (const answer of await Promise.all(honest)) assert.equal(answer.status, 202, JSON.stringify(answer.data));
    assert.equal((await kit.batch(second))['n_applied'], 25);
    assert.deepEqual(await kit.batch(first).then(({ n_applied, n_uncertain }) => [n_applied, n_uncertain]), [39, 1]);
  });
});
