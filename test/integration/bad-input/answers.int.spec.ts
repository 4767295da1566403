// Bad answers to a hand-over, from a provider that answers at once (AIS): none is believed, each that came is set aside, and
// the provider is asked before anything else is done.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { SetAsideReason } from '#contracts';
import { resumeProvider } from '#dispatch';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';

const today = bangkokDay(new Date());
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** 80 MB of spaces. Made beforehand: it takes longer than the hub waits. */
const BOMB = gzipSync(Buffer.alloc(80_000_000, 32));

interface Received {
  batch: number;
  count: number;
  lines: { n: number; ref: string }[];
  sha256: string;
}

/** How the provider answers the next hand-over. */
type Answer = (response: ServerResponse, received: Received) => void;

const accepted = (received: Received, more: object = {}): object => ({
  batch: received.batch,
  receipt: 'accepted',
  outcomes: { default: 'applied', except: [] },
  ...more,
});
const send = (
  response: ServerResponse,
  status: number,
  body: object | string | Buffer,
  headers: object = JSON_TYPE,
): void => {
  response.writeHead(status, { ...headers });
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
};

describe('bad answers of AIS', () => {
  let hub: TestHub;
  let server: Server;
  let elsewhere = 0;
  let answer: Answer | null = null;
  const received = new Map<number, Received>();
  let asked = 0;

  before(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://ais').pathname;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (path.startsWith('/elsewhere')) {
          elsewhere += 1;
          return send(response, 200, {});
        }
        if (request.method === 'GET') return status(response, path);
        const body = Buffer.concat(chunks);
        const { data } = JSON.parse(body.toString('utf8')) as { data: Received };
        const one = { ...data, sha256: createHash('sha256').update(body).digest('hex') };
        received.set(one.batch, one);
        const now = answer;
        answer = null;
        if (now) now(response, one);
        else send(response, 200, accepted(one));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    hub = await startTestHub({
      providers: ['AIS'],
      profile: (profile) =>
        profile.transport.kind === 'webhook'
          ? // It may take the same number twice: so nothing may be sent again before it was asked.
            {
              ...profile,
              maxInFlight: 1,
              refusesKnownNumbers: false,
              transport: { ...profile.transport, target, timeoutMs: 1000 },
            }
          : profile,
    });
    await hub.work();
  });
  after(async () => {
    await hub.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function status(response: ServerResponse, path: string): void {
    asked += 1;
    const number = Number(path.split('/').at(-1));
    const one = received.get(number);
    if (!one) return send(response, 404, { title: 'unknown batch' }, { 'content-type': 'application/problem+json' });
    send(response, 200, {
      batch: number,
      state: 'applied',
      sha256: one.sha256,
      outcomes: { default: 'applied', except: [] },
    });
  }

  const setAside = (reason: SetAsideReason) =>
    query<{ number: number; detail: string }>(hub.source, 'SELECT number, detail FROM set_aside WHERE reason = $1', [
      reason,
    ]);
  const last = async () =>
    (
      await query<{ number: number; state: string; heard: number; n_applied: number }>(
        hub.source,
        'SELECT number, state, heard, n_applied FROM batch ORDER BY number DESC LIMIT 1',
      )
    )[0];

  const bad: [string, Answer, SetAsideReason | null, RegExp][] = [
    [
      'a web page',
      (to) => send(to, 200, '<!doctype html><html></html>', { 'content-type': 'text/html' }),
      'notReadable',
      /Content-Type is "text\/html"/,
    ],
    [
      'a web page that calls itself JSON',
      (to) => send(to, 200, '<!doctype html><html></html>'),
      'notReadable',
      /an HTML page/,
    ],
    [
      'the right words under another content type',
      (to, one) => send(to, 200, accepted(one), { 'content-type': 'text/plain' }),
      'notReadable',
      /JSON was expected/,
    ],
    [
      'JSON cut off',
      (to, one) => send(to, 200, JSON.stringify(accepted(one)).slice(0, -5)),
      'notReadable',
      /no JSON came/,
    ],
    ['nothing', (to) => send(to, 200, ''), 'notReadable', /an empty body/],
    ['too much', (to) => send(to, 200, `{"batch":1,"x":"${'x'.repeat(3_000_000)}"}`), 'tooLarge', /too large/],
    ['a gzip bomb', (to) => send(to, 200, BOMB, { ...JSON_TYPE, 'content-encoding': 'gzip' }), 'tooLarge', /too large/],
    [
      'broken gzip',
      (to) => send(to, 200, Buffer.from('no gzip at all'), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
      'notReadable',
      /Z_DATA_ERROR|incorrect header/,
    ],
    ['another batch', (to, one) => send(to, 200, accepted(one, { batch: one.batch + 7 })), 'notUsable', /was meant/],
    ['no receipt', (to, one) => send(to, 200, accepted(one, { receipt: 'maybe' })), 'notUsable', /"receipt" is not/],
    [
      'positions that were not sent',
      (to, one) => send(to, 200, accepted(one, { outcomes: { default: 'applied', except: [], last: 99 } })),
      'notUsable',
      /positions 1 to 3 were sent/,
    ],
    [
      'a connection cut in the middle',
      (to) => {
        to.writeHead(200, { ...JSON_TYPE, 'content-length': '500' });
        to.write('{"batch":');
        setImmediate(() => to.socket?.destroy());
      },
      null,
      /ECONNRESET|aborted/,
    ],
    [
      '500 with a page',
      (to) => send(to, 500, '<html>oops</html>', { 'content-type': 'text/html' }),
      null,
      /status 500/,
    ],
  ];

  for (const [what, how, reason, says] of bad) {
    test(`${what}: asked, and settled by what it says then`, async () => {
      const before = { asked, rows: reason ? (await setAside(reason)).length : 0 };
      answer = how;
      await registerLines(hub.source, 3, [1], today);
      await hub.settled(30);
      const batch = await last();
      assert.deepEqual([batch?.state, batch?.n_applied], ['settled', 3]);
      assert.ok(asked > before.asked, 'the provider was asked');
      const attempts = await query<{ result: string; detail: string; purpose: string }>(
        hub.source,
        'SELECT result, detail, purpose FROM attempt WHERE number = $1 ORDER BY attempt_no',
        [batch?.number],
      );
      assert.equal(attempts[0]?.result, 'unclear');
      assert.match(attempts[0]?.detail ?? '', says);
      assert.equal(attempts.filter((one) => one.purpose === 'handOver').length, 1, 'nothing was sent twice');
      if (!reason) return;
      let rows = await setAside(reason);
      while (!rows.some((row) => row.number === batch?.number)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        rows = await setAside(reason);
      }
      assert.equal(rows.length, before.rows + 1);
    });
  }

  test('outcomes of shifted lines: the receipt counts, the outcomes do not', async () => {
    answer = (to, one) =>
      send(to, 200, {
        ...accepted(one),
        outcomes: {
          default: 'applied',
          except: one.lines.slice(1).map(({ n, ref }) => ({ n: n - 1, ref, outcome: 'rejected', code: 'PORTED_OUT' })),
        },
      });
    await registerLines(hub.source, 3, [1], today);
    let rows = await setAside('shifted');
    while (rows.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      rows = await setAside('shifted');
    }
    while ((await last())?.state !== 'accepted') await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await last())?.heard, 0);
  });

  const stops: [string, Answer][] = [
    ['a redirect', (to) => send(to, 307, '', { location: '/elsewhere' })],
    [
      'a refusal that no other cut of the lines can help',
      (to) => send(to, 422, { title: 'version', code: 'WRONG_SENDER' }, { 'content-type': 'application/problem+json' }),
    ],
  ];
  for (const [what, how] of stops) {
    test(`${what} stops the provider until a person has looked, and is not followed`, async () => {
      await query(hub.source, `UPDATE batch SET state = 'settled', ended_at = now() WHERE state = 'accepted'`);
      answer = how;
      await registerLines(hub.source, 2, [1], today);
      for (;;) {
        const [stream] = await query<{ reason: string | null }>(
          hub.source,
          'SELECT pause_reason AS reason FROM provider_stream',
        );
        if (stream?.reason) {
          assert.match(stream.reason, /the provider refuses us: status (307|422)/);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(elsewhere, 0);
      await resumeProvider(hub.source, 1, HUB_ACTOR_ID, 'looked at');
      await hub.settled(30);
      assert.equal((await last())?.n_applied, 2);
    });
  }

  test('no attempt and nothing set aside repeats a number of a line', async () => {
    const numbers = await query<{ number: string }>(hub.source, 'SELECT substr(line_key, 3) AS number FROM line');
    const texts = await query<{ text: string }>(
      hub.source,
      'SELECT coalesce(detail, $1) AS text FROM attempt UNION ALL SELECT detail FROM set_aside',
      [''],
    );
    assert.ok(texts.length > 10);
    for (const { text } of texts) assert.ok(!numbers.some(({ number }) => text.includes(number)));
  });
});
