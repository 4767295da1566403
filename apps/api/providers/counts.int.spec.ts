// Counts as sums of parts against the same rule applied line by line, while answers come in parts and changes wait.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { Outcomes } from '#contracts';
import { judgedOneByOne, withoutZeros } from '../testing/judged-one-by-one.js';
import { startProvider, until, type ProviderDouble } from '../testing/provider-double.js';
import { CALLBACK_SECRET, startApi, type StartedApi } from '../testing/started-api.js';

const CONFIRMATION = { confirmedAt: '2020-03-18T10:00:00+07:00', confirmedBy: 'head', document: 'D 1' };

interface Body {
  data: { batch: number; lines: { n: number; ref: string; line: string; op: string }[] };
}

describe('counts while answers come in parts', () => {
  let hub: StartedApi;
  let trueCorp: ProviderDouble;
  let messages = 0;

  const sent = (i: number) => JSON.parse(trueCorp.bodies[i]?.toString('utf8') ?? '{}') as Body;
  const counts = async () => (await hub.client().get('/v1/providers/TRUE')).data;

  async function register(numbers: string[], other: object = {}): Promise<void> {
    const answer = await hub.client().post('/v1/registrations', {
      agency: 'G0001',
      reference: 'R-1',
      confirmation: CONFIRMATION,
      lines: numbers.map((number) => ({ provider: 'TRUE', access: 'MB', number, validFrom: '2020-03-19', ...other })),
    });
    assert.ok(answer.status === 201 || answer.status === 200, JSON.stringify(answer.data));
  }

  async function callback(
    batch: number,
    outcomes: Outcomes,
    status = 202,
  ): Promise<{ accepted: number; setAside: number; errors?: { code: string }[] }> {
    const body = JSON.stringify({
      specversion: '1.0',
      id: `e${messages}`,
      source: 'urn:provider:TRUE',
      type: 'th.onde.saphan.whitelist.outcomes.v1',
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      data: { contract: '1.0', provider: 'TRUE', batch, outcomes },
    });
    const at = new Date();
    const id = `m${++messages}`;
    const answer = await hub.client(null).post('/v1/providers/TRUE/acknowledgements', body, {
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(CALLBACK_SECRET).sign(id, at, body),
      },
    });
    assert.equal(answer.status, status, JSON.stringify(answer.data));
    return answer.data;
  }

  async function same(present: Record<string, number>): Promise<void> {
    const shown = (await counts()).present;
    assert.deepEqual(withoutZeros(shown), present);
    assert.deepEqual(await judgedOneByOne(hub, hub.ids['TRUE'] ?? 0, true), present);
  }

  before(async () => {
    trueCorp = await startProvider('callback');
    hub = await startApi({ TRUE: trueCorp.target });
  });
  after(async () => {
    await hub.close();
    await trueCorp.close();
  });

  test('a batch answered in parts: what was heard is applied or rejected, the rest is in flight', async () => {
    await register(['0812345601', '0812345602', '0812345603', '0812345604']);
    await until(counts, (each) => each.open.accepted === 1);
    await same({ total: 4, inFlight: 4 });
    const { lines, batch } = sent(0).data;
    assert.deepEqual(await callback(batch, { except: [{ n: 1, ref: lines[0]?.ref ?? '', outcome: 'applied' }] }), {
      accepted: 1,
      setAside: 0,
    });
    await callback(batch, {
      except: [{ n: 2, ref: lines[1]?.ref ?? '', outcome: 'rejected', code: 'NOT_SUBSCRIBER' }],
    });
    await same({ total: 4, applied: 1, rejected: 1, inFlight: 2 });
    // Repeated, and with a reference of another position: the first moves nothing, the second is set aside.
    await callback(batch, { except: [{ n: 1, ref: lines[0]?.ref ?? '', outcome: 'applied' }] });
    const shifted = await callback(batch, { except: [{ n: 3, ref: lines[0]?.ref ?? '', outcome: 'applied' }] }, 422);
    assert.equal(shifted.errors?.[0]?.code, 'shifted');
    await same({ total: 4, applied: 1, rejected: 1, inFlight: 2 });
    assert.equal((await counts()).setAsideItems, 1);
  });

  test('a change of a line in flight waits for its predecessor’s outcome, then travels', async () => {
    await register(['0812345602', '0812345603', '0812345604'], { package: 'WFH-PLUS' });
    await until(counts, (each) => each.unsealed === 0 && each.open.accepted === 2);
    // The first of them has its outcome, a rejection: its new content goes at once.
    await same({ total: 4, applied: 1, inFlight: 1, waiting: 2 });
    const { sent: totals } = await counts();
    assert.deepEqual([totals.lines, totals.omitted, totals.applied + totals.rejected + totals.outstanding], [5, 2, 5]);
    await callback(1, { default: 'applied', except: [] });
    const seen = await until(counts, (each) => each.present.waiting === 0 && each.unsealed === 0);
    assert.equal(seen.present.applied, 1);
    assert.deepEqual(await judgedOneByOne(hub, hub.ids['TRUE'] ?? 0, true), withoutZeros(seen.present));
  });

  test('when everything is answered, everything is applied', async () => {
    const answerAll = async () => {
      for (const raw of trueCorp.bodies)
        await callback((JSON.parse(raw.toString('utf8')) as Body).data.batch, { default: 'applied', except: [] });
      return counts();
    };
    const seen = await until(answerAll, (each) => each.present.applied === 4 && each.open.accepted === 0);
    await same({ total: 4, applied: 4 });
    assert.equal(seen.oldestUnacknowledgedS, null);
  });
});
