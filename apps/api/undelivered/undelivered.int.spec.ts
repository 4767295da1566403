// What was not delivered, as sums and line by line: both agree with the counts and with each line's own story.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startProvider, until, type ProviderDouble } from '../testing/provider-double.js';
import { startApi, type StartedApi } from '../testing/started-api.js';
import type { UndeliveredDto, UndeliveredLinesDto } from './undelivered.dto.js';

const CONFIRMATION = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'head', document: 'D 1' };

describe('undelivered lines', () => {
  let hub: StartedApi;
  let ais: ProviderDouble;
  let trueCorp: ProviderDouble;

  async function register(provider: string, numbers: string[]): Promise<void> {
    const answer = await hub.client().post('/v1/registrations', {
      agency: 'G0001',
      reference: `R-${provider}`,
      confirmation: CONFIRMATION,
      lines: numbers.map((number) => ({ provider, access: 'MB', number, validFrom: '2020-03-19' })),
    });
    assert.ok(answer.status === 201 || answer.status === 200, JSON.stringify(answer.data));
  }
  const groups = async (): Promise<UndeliveredDto> => (await hub.client().get('/v1/undelivered')).data;
  const lines = async (provider: string, params: object = {}): Promise<UndeliveredLinesDto> => {
    const answer = await hub.client().get(`/v1/providers/${provider}/undelivered`, { params });
    assert.equal(answer.status, 200, JSON.stringify(answer.data));
    return answer.data;
  };
  /** Every line of every page. */
  async function allLines(provider: string, params: object = {}): Promise<UndeliveredLinesDto['lines']> {
    const all: UndeliveredLinesDto['lines'] = [];
    for (let after: number | null = 0; after !== null;) {
      const page: UndeliveredLinesDto = await lines(provider, { ...params, after, limit: 2 });
      all.push(...page.lines);
      after = page.next;
    }
    return all;
  }

  before(async () => {
    ais = await startProvider('response', (line) =>
      line.line.endsWith('01')
        ? { outcome: 'rejected', code: 'NOT_SUBSCRIBER' }
        : line.line.endsWith('02')
          ? { outcome: 'retryLater', code: 'LINE_SUSPENDED', retryAfter: 3600 }
          : null,
    );
    trueCorp = await startProvider('callback');
    hub = await startApi({ AIS: ais.target, TRUE: trueCorp.target });
  });
  after(async () => {
    await hub.close();
    await ais.close();
    await trueCorp.close();
  });

  test('with nothing registered there is nothing undelivered', async () => {
    assert.deepEqual((await groups()).groups, []);
    assert.deepEqual(await lines('AIS'), { lines: [], next: null });
  });

  test('rejected, retrying, in flight and pending lines, each with cause, age and who acts next', async () => {
    await register('AIS', ['0812345601', '0812345602', '0812345603', '0812345604']);
    await register('TRUE', ['0812345611', '0812345612', '0812345613']);
    await until(groups, (each) => each.groups.some((group) => group.standing === 'rejected') && each.lines === 5);
    await until(
      async () => (await hub.client().get('/v1/providers/TRUE')).data,
      (each) => each.open.accepted === 1,
    );
    await hub.client().post('/v1/providers/TRUE/pause', { reason: 'planned work' });
    await register('TRUE', ['0812345614', '0812345615']);
    const seen = await groups();
    assert.deepEqual(
      seen.groups.map(({ provider, standing, code, lines: count, additions, sentence }) => [
        provider,
        standing,
        code,
        count,
        additions,
        sentence.next,
      ]),
      [
        ['TRUE', 'inFlight', null, 3, 3, 'provider'],
        ['TRUE', 'pending', null, 2, 2, 'ops'],
        ['AIS', 'rejected', 'NOT_SUBSCRIBER', 1, 1, 'agency'],
        ['AIS', 'retrying', 'LINE_SUSPENDED', 1, 1, 'hub'],
      ],
    );
    assert.equal(seen.lines, 7);
    for (const group of seen.groups) assert.ok(group.since && Date.now() - Date.parse(String(group.since)) < 60_000);
    assert.match(seen.groups[1]?.sentence.en ?? '', /paused \(planned work\)/);

    const atTrue = await allLines('TRUE');
    assert.deepEqual(
      atTrue.map((line) => `${line.standing} ${line.line.slice(-2)}`).toSorted((a, b) => a.localeCompare(b)),
      ['inFlight 11', 'inFlight 12', 'inFlight 13', 'pending 14', 'pending 15'],
    );
    assert.deepEqual(
      atTrue.map((line) => line.seq),
      atTrue.map((line) => line.seq).toSorted((a, b) => a - b),
    );
    assert.deepEqual(
      (await allLines('TRUE', { standing: 'pending' })).map((line) => line.line.slice(-2)),
      ['14', '15'],
    );
    const [rejected, ...others] = await allLines('AIS', { code: 'NOT_SUBSCRIBER' });
    assert.ok(rejected && others.length === 0);
    assert.equal(rejected.batch, 1);
    // The line's own story, found by the opaque id of the list, says the same sentence.
    const story = (await hub.client().get(`/v1/lines/${rejected.lineId}`)).data;
    assert.deepEqual(story.providers[0].sentence, rejected.sentence);
    assert.equal(story.providers[0].status, 'rejected');
  });

  test('a removal that was not done says who acts next, and is not called done', async () => {
    await hub.client().post('/v1/providers/AIS/pause', { reason: 'planned work' });
    const cancelled = await hub.client().post('/v1/registrations/cancel', {
      agency: 'G0001',
      reference: 'R-AIS',
    });
    assert.ok(cancelled.status < 300, JSON.stringify(cancelled.data));
    const gone = await until(
      () => allLines('AIS'),
      (all) => all.length > 0 && all.every((line) => line.op === 'REMOVE' && line.standing === 'pending'),
    );
    assert.match(gone[0]?.sentence.en ?? '', /being removed at AIS/);
    assert.equal(gone[0]?.sentence.next, 'ops');
    await hub.client().post('/v1/providers/AIS/resume', { reason: 'done' });
    const refused = await until(
      () => allLines('AIS'),
      (all) => all.length === 1 && all[0]?.standing === 'retrying',
    );
    // The line that AIS does not have counts as removed; the suspended one is asked for again.
    assert.match(refused[0]?.sentence.en ?? '', /asked to be told again/);
    assert.equal(refused[0]?.op, 'REMOVE');
  });

  test('a provider sees its own only; a wrong standing is refused with the words that exist', async () => {
    assert.equal((await hub.client(hub.trueKey).get('/v1/providers/TRUE/undelivered')).status, 200);
    assert.equal((await hub.client(hub.trueKey).get('/v1/providers/AIS/undelivered')).status, 403);
    assert.equal((await hub.client(hub.trueKey).get('/v1/undelivered')).status, 403);
    const wrong = await hub.client().get('/v1/providers/AIS/undelivered', { params: { standing: 'lost' } });
    assert.equal(wrong.status, 422);
    assert.match(JSON.stringify(wrong.data), /uncertain/);
  });
});
