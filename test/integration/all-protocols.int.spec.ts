// The sample of 50,000 lines through all six protocols with every dial of the simulators turned: whatever went wrong, each
// simulator ends holding exactly what it should, numbers have no hole, and every line of every batch is accounted for.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import axios, { type AxiosInstance } from 'axios';
import type { ProviderProfile } from '#contracts';
import { generateSample, loadAgencies, seedAgencies, type SampleReport } from '#intake';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, inTransaction, ProviderDirectory, query } from '#platform';
import { Deriver } from '#whitelist';
import { defaultDial, turned, type DialChange } from '../../apps/provider-sim/dial.js';
import type { SimulatedProvider } from '../../apps/provider-sim/simulator.js';
import { assertNumbers } from '../support/numbers.js';
import { fixtureList, startListHub, type ListHub } from './destinations/destinations-kit.js';
import { AT_FIRST, conduct, effectsOf, otherListener, type Conductor } from './dials/conductor.js';
import { CODES, DIALS, withoutEffect, type Code } from './dials/turned.js';
import type { TestHub } from '../support/hub.js';
import { ORDER_TALK } from '../support/tmf641-schema.js';

const LINES = Number(process.env['SAPHAN_ALL_LINES'] ?? 50_000);
const MESS = 0.03;
const today = bangkokDay(new Date());

/** The usual dial; only the order in which a provider applies is its nature and stays. */
function calm({ dial }: SimulatedProvider['provider']): DialChange {
  return { ...defaultDial(), applyOrder: dial.applyOrder, duplicateCheck: dial.duplicateCheck };
}

/** Until every dial had its effect: rounds of further changes, with the shares raised of what had none. */
const ROUNDS = 8;

/** Small batches, so that much happens; short deadlines, so that what is never said is asked for while the test runs. */
function hurried(profile: ProviderProfile): ProviderProfile {
  if (profile.transport.kind === 'sftp') {
    return {
      ...profile,
      receiptDeadlineS: 10,
      outcomeDeadlineS: 12,
      maxLines: profile.code === 'CAT' ? 24 : 50,
      transport: { ...profile.transport, timeoutMs: 2_500 },
    };
  }
  const common = {
    ...profile,
    receiptDeadlineS: 10,
    outcomeDeadlineS: 10,
    transport: { ...profile.transport, timeoutMs: 1_000 },
  };
  if (profile.code === 'AIS') return { ...common, maxLines: 1_000 };
  if (profile.code === 'TRUE') return { ...common, maxLines: 400, refusesKnownNumbers: false };
  if (profile.code === 'DTAC') return { ...common, maxLines: 300 };
  return { ...common, maxLines: 40 };
}

describe(`${LINES} lines of the sample through all six protocols`, () => {
  let lists: ListHub;
  let hub: TestHub;
  let conductor: Conductor | undefined;
  let other: Awaited<ReturnType<typeof otherListener>> | undefined;
  let http: AxiosInstance;
  let directory: ProviderDirectory;
  before(async () => {
    lists = await startListHub({
      providers: [...CODES],
      profile: hurried,
      witnessed: [...ORDER_TALK, 'list', 'error'],
      dials: Object.fromEntries(
        CODES.map((code) => [code, { dial: turned(turned(defaultDial(), DIALS[code]), AT_FIRST[code] ?? {}) }]),
      ),
    });
    hub = lists.hub;
    const address = lists.url;
    await seedAgencies(hub.source);
    other = await otherListener();
    await axios.post(`${hub.simulator.get('DTAC').address.target}/tmf-api/serviceOrdering/v4/hub`, {
      callback: other.address,
    });
    const scopes = ['onde', 'ops.read', 'ops.act'];
    const { key } = await createApiKey(hub.source, { name: 'the test', scopes }, HUB_ACTOR_ID);
    http = axios.create({ baseURL: address, headers: { authorization: `Bearer ${key}` }, maxRedirects: 0 });
    directory = (await hub.work()).get(ProviderDirectory);
    conductor = conduct(hub, http, address);
  });
  after(async () => {
    conductor?.stop();
    other?.server.close();
    other?.server.closeAllConnections();
    await hub.close();
  });

  async function importSample(): Promise<SampleReport> {
    const file = new PassThrough();
    const made = generateSample(
      { lines: LINES, seed: 2020, mess: MESS, agencies: loadAgencies(), format: 'csv', today },
      file,
    );
    const started = await http.post<{ runId: number }>('/v1/imports', file, {
      headers: { 'content-type': 'text/csv' },
    });
    const report = await made;
    for (;;) {
      const { data } = await http.get<{ state: string; counts: Record<string, number> }>(
        `/v1/imports/${started.data.runId}`,
      );
      if (data.state === 'completed') {
        const { created = 0, amended = 0, same = 0, rejected = 0 } = data.counts;
        assert.deepEqual([created + amended + same, rejected], [report.expected.accepted, report.expected.rejected]);
        return report;
      }
      assert.ok(!['failed', 'stopped'].includes(data.state), `import ${data.state}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Registrations of every `every`-th line are changed as `set` says, and derived anew. */
  async function change(set: string, every: number, cause: 'amended' | 'withdrawn'): Promise<number> {
    const deriver = new Deriver(() => directory.takesDates());
    const lines = await query<{ line_id: number }>(
      hub.source,
      `SELECT DISTINCT line_id FROM registration WHERE state = 'confirmed' AND line_id % $1 = 0 ORDER BY 1`,
      [every],
    );
    for (let at = 0; at < lines.length; at += 500) {
      const known = lines.slice(at, at + 500).map((row) => row.line_id);
      await inTransaction(hub.source, async (tx) => {
        await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR UPDATE', [known]);
        await tx.query(`UPDATE registration SET ${set} WHERE line_id = ANY($1::bigint[]) AND state = 'confirmed'`, [
          known,
        ]);
        await deriver.derive(tx, { fresh: [], known }, { cause, actorId: HUB_ACTOR_ID, runId: null, today });
      });
    }
    return lines.length;
  }

  /** `AIS faults.html` for what was turned and did nothing so far. */
  const missing = (): string[] =>
    CODES.flatMap((code) => withoutEffect(code, effectsOf(hub, code)).map((leaf) => `${code} ${leaf}`));

  /** Entries that a simulator holds otherwise than they should be. */
  async function wrong(code: Code): Promise<string[]> {
    const rows = await query<{ ref: string; terms: string }>(
      hub.source,
      `SELECT entry_ref AS ref, concat_ws('|', package, valid_from, coalesce(valid_to::text, '')) AS terms
       FROM entry JOIN provider USING (provider_id) WHERE code = $1 AND present`,
      [code],
    );
    const wanted = new Map(rows.map(({ ref, terms }) => [ref, terms]));
    const { book } = hub.simulator.get(code).provider.applier;
    const result: string[] = [];
    for (const ref of book.sortedRefs()) {
      const line = book.get(ref);
      if (!line) continue;
      if (wanted.get(ref) !== `${line.package}|${line.from}|${line.to ?? ''}`) result.push(ref);
      wanted.delete(ref);
    }
    return [...result, ...wanted.keys()];
  }

  const openExceptions = (code: Code) =>
    query<{ ref: string; kind: string }>(
      hub.source,
      `SELECT x.entry_ref AS ref, x.kind FROM exception x JOIN provider p USING (provider_id)
       JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
       WHERE p.code = $1 AND x.ended_at IS NULL`,
      [code],
    );

  test('imported, amended and removed while everything goes wrong', async (context) => {
    const begun = Date.now();
    await lists.importList(fixtureList('webex-circa-2020.json'), { version: '2020' });
    const { version } = await lists.release();
    await lists.acknowledged(version, CODES);
    context.diagnostic(`the list is enforced by all after ${Date.now() - begun} ms`);
    const report = await importSample();
    context.diagnostic(`imported ${report.expected.accepted} lines after ${Date.now() - begun} ms`);
    const amended = await change('valid_to = valid_to + 7', 25, 'amended');
    const removed = await change(`state = 'cancelled'`, 51, 'withdrawn');
    context.diagnostic(`${amended} amended, ${removed} removed`);
    await hub.settled(200);
    context.diagnostic(`settled after ${Date.now() - begun} ms`);
    for (let round = 1; round <= ROUNDS && missing().length > 0; round++) {
      context.diagnostic(`round ${round}, without effect so far: ${missing().join(', ')}`);
      for (const code of CODES) conductor?.raise(code, withoutEffect(code, effectsOf(hub, code)));
      await change(`valid_to = valid_to + ${round}`, 30 + round, 'amended');
      // The person's own word: no brake holds it.
      await change(`state = 'cancelled'`, 70 + round, 'withdrawn');
      await hub.settled(60);
    }
    for (const code of CODES) {
      const open = await openExceptions(code);
      const named = new Set(open.map(({ ref }) => ref));
      const others = (await wrong(code)).filter((ref) => !named.has(ref));
      assert.deepEqual(others, [], `${code}: held otherwise than it should be, and no exception says why`);
      const [batches] = await query<{ n: number; s: number }>(
        hub.source,
        `SELECT count(*) AS n, extract(epoch FROM max(ended_at) - min(sealed_at))::float8 AS s
         FROM batch JOIN provider USING (provider_id) WHERE code = $1`,
        [code],
      );
      context.diagnostic(
        `${code}: ${batches?.n} batches in ${Math.round(batches?.s ?? 0)} s, ${open.length} open exceptions, ${JSON.stringify(effectsOf(hub, code))}`,
      );
    }
    context.diagnostic(`all had their effect after ${Date.now() - begun} ms`);
  });

  test('every dial that was turned really had its effect at every provider', () => {
    assert.deepEqual(missing(), []);
    assert.deepEqual(conductor?.faults, []);
    // A refused key may as well meet a question or a look at answer files, which are tried again by themselves.
    const looked = CODES.reduce((sum, code) => sum + (conductor?.looked[code] ?? 0), 0);
    assert.ok(looked > 0, 'nobody was stopped by a refusal of our key');
  });

  test('every line of every batch has exactly one outcome', async () => {
    const rows = await query<{ code: string; number: number; lines: number; answered: number }>(
      hub.source,
      `SELECT p.code, b.number, b.line_count AS lines, b.n_applied + b.n_already + b.n_rejected + b.n_retrying + b.n_uncertain AS answered
       FROM batch b JOIN provider p USING (provider_id) WHERE b.state = 'settled'`,
    );
    assert.ok(rows.length > 60);
    assert.deepEqual(
      rows.filter(({ lines, answered }) => lines !== answered),
      [],
    );
    const parts = await query<{ code: string }>(
      hub.source,
      `SELECT p.code FROM batch b JOIN provider p USING (provider_id)
       WHERE b.state = 'settled' AND b.kind = 'delta' AND b.line_count + cardinality(b.collapsed) + cardinality(b.omitted) <> b.to_seq - b.from_seq + 1`,
    );
    assert.deepEqual(parts, [], 'lines, collapsed and omitted are the range');
  });

  test('numbers are 1..n without holes, and each number always had the same bytes', async () => {
    await assertNumbers(hub);
  });

  test('what was spoilt on purpose was set aside', async () => {
    const { data } = await http.get<{ groups: { provider: string; reason: string }[] }>('/v1/set-aside');
    const seen = new Set(data.groups.map(({ provider, reason }) => `${provider} ${reason}`));
    for (const one of ['TRUE signatureWrong', 'TRUE unknownBatch', 'AIS notReadable']) assert.ok(seen.has(one), one);
  });

  test('replayed when all is calm, each simulator holds exactly what it should, and then nothing more is sent', async () => {
    for (const code of CODES) hub.simulator.get(code).turn(calm(hub.simulator.get(code).provider));
    for (const code of CODES) {
      for (const kind of ['uncertain', 'rejected']) {
        const answer = await http.post<{ replayId: number }>(
          `/v1/providers/${code}/replays`,
          { kind },
          { validateStatus: (status) => status === 201 || status === 409 },
        );
        if (answer.status === 409) continue;
        const replay = `/v1/replays/${answer.data.replayId}`;
        await http.post(`${replay}/start`, { reason: 'all is calm again' });
        while ((await http.get<{ state: string }>(replay)).data.state !== 'completed')
          await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await hub.settled(60);
    for (const code of CODES) {
      assert.deepEqual(await openExceptions(code), [], code);
      assert.deepEqual(await wrong(code), [], code);
    }
    for (const [code, book] of Object.entries(await hub.compareBooks())) {
      assert.ok(book.desired > LINES / 100, code);
      assert.deepEqual(book, { desired: book.desired, held: book.desired, wrong: 0 }, code);
    }
    await assertNumbers(hub);
    const changes = () => query(hub.source, 'SELECT provider_id, last_seq FROM provider_counter ORDER BY 1');
    const before = await changes();
    await change('valid_to = valid_to', 25, 'amended');
    assert.deepEqual(await changes(), before, 'the same again writes nothing');
  });
});
