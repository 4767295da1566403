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
import type { DialChange } from '../../apps/provider-sim/dial.js';
import { startTestHub, type TestHub } from '../support/hub.js';
import { assertNumbers } from '../support/numbers.js';

const LINES = Number(process.env['SAPHAN_ALL_LINES'] ?? 50_000);
const MESS = 0.03;
const today = bangkokDay(new Date());
const CODES = ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT', '3BB'] as const;
type Code = (typeof CODES)[number];

/** Only codes that stay with this provider, so that the end can be compared line by line. */
const reject = { share: 0.004, codes: ['PACKAGE_NOT_ELIGIBLE', 'NOT_SUBSCRIBER'] };
const retryLater = { share: 0.01, times: 2, retryAfterSeconds: 1 };

const DIALS: Record<Code, DialChange> = {
  AIS: {
    faults: {
      error500Before: 0.04,
      error500After: 0.04,
      resetBefore: 0.04,
      resetAfter: 0.04,
      hangBefore: 0.01,
      hangAfter: 0.01,
      tooMany: 0.02,
      unavailable: 0.02,
      html: 0.04,
    },
    faultsOn: 'everything',
    delayMs: { min: 0, max: 20 },
    reject,
    retryLater,
    poison: 0.0003,
    maxLines: 900,
    applyOrder: 'newerSeqOnly',
  },
  TRUE: {
    faults: { error500After: 0.05, resetAfter: 0.05, unavailable: 0.05 },
    silence: 0.05,
    answer: {
      partSize: 40,
      delayMs: { min: 0, max: 60 },
      repeat: 0.1,
      reorder: 0.2,
      reorderMs: 150,
      omit: 0.005,
      contradict: 0.05,
      unknownBatch: 0.03,
      shifted: 0.03,
      badSignature: 0.03,
    },
    reject,
    retryLater,
    duplicateCheck: 'none',
  },
  DTAC: {
    faults: { error500Before: 0.04, error500After: 0.04, resetAfter: 0.04, tooMany: 0.04 },
    answer: { repeat: 0.1, reorder: 0.2, reorderMs: 100, omit: 0.05 },
    reject: { ...reject, decide: 'atRandom' },
    retryLater,
    poison: 0.0003,
    orders: { loseSubscriptions: 0.03, conflict: 0.05, earlyEvents: 0.1, refuse: 'later', page: 20 },
  },
  CAT: {
    faults: { error500Before: 0.04, resetBefore: 0.04, resetAfter: 0.04 },
    answer: { partSize: 300, delayMs: { min: 0, max: 100 }, repeat: 0.1, reorder: 0.2, shifted: 0.02 },
    reject,
    retryLater,
    poison: 0.0002,
    applyOrder: 'inNumberOrder',
    parkLimitMs: 1500,
  },
  TOT: {
    faults: { resetAfter: 0.05, error500After: 0.05 },
    answer: { partSize: 200, repeat: 0.1 },
    reject: { ...reject, removes: 'too' },
  },
  '3BB': {
    pull: { loses: 0.1, cut: 0.1, stale: 0.1 },
    answer: { partSize: 100, repeat: 0.05, reorder: 0.1 },
    reject,
    retryLater,
  },
};
const CALM: DialChange = {
  faults: {
    error500Before: 0,
    error500After: 0,
    resetBefore: 0,
    resetAfter: 0,
    hangBefore: 0,
    hangAfter: 0,
    tooMany: 0,
    unavailable: 0,
    html: 0,
  },
  silence: 0,
  poison: 0,
  reject: { share: 0 },
  retryLater: { share: 0 },
  answer: { omit: 0, contradict: 0, unknownBatch: 0, shifted: 0, badSignature: 0, reorder: 0, repeat: 0 },
};

/** Small batches, so that much happens; short deadlines, so that what is never said is asked for while the test runs. */
function hurried(profile: ProviderProfile): ProviderProfile {
  if (profile.transport.kind === 'sftp') {
    return {
      ...profile,
      receiptDeadlineS: 60,
      outcomeDeadlineS: 60,
      maxLines: 150,
      transport: { ...profile.transport, timeoutMs: 5000 },
    };
  }
  const common = {
    ...profile,
    receiptDeadlineS: 10,
    outcomeDeadlineS: 10,
    transport: { ...profile.transport, timeoutMs: 1000 },
  };
  if (profile.code === 'AIS') return { ...common, maxLines: 1000 };
  if (profile.code === 'TRUE') return { ...common, maxLines: 400, refusesKnownNumbers: false };
  if (profile.code === 'DTAC') return { ...common, maxLines: 300 };
  return { ...common, maxLines: 1000 };
}

describe(`${LINES} lines of the sample through all six protocols`, () => {
  let hub: TestHub;
  let http: AxiosInstance;
  let directory: ProviderDirectory;
  before(async () => {
    hub = await startTestHub({
      providers: [...CODES],
      profile: hurried,
      dials: Object.fromEntries(CODES.map((code) => [code, { dial: DIALS[code] }])),
      signatureCheck: 'native',
    });
    await seedAgencies(hub.source);
    const address = await hub.serve();
    const scopes = ['onde', 'ops.read', 'ops.act'];
    const { key } = await createApiKey(hub.source, { name: 'the test', scopes }, HUB_ACTOR_ID);
    http = axios.create({ baseURL: address, headers: { authorization: `Bearer ${key}` }, maxRedirects: 0 });
    directory = (await hub.work()).get(ProviderDirectory);
  });
  after(() => hub.close());

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
  async function change(set: string, every: number, cause: 'amended' | 'cancelled'): Promise<number> {
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
    const report = await importSample();
    context.diagnostic(`imported ${report.expected.accepted} lines after ${Date.now() - begun} ms`);
    const amended = await change('valid_to = valid_to + 7', 25, 'amended');
    const removed = await change(`state = 'cancelled'`, 51, 'cancelled');
    context.diagnostic(`${amended} amended, ${removed} removed`);
    await hub.settled(120);
    context.diagnostic(`settled after ${Date.now() - begun} ms`);
    for (const code of CODES) {
      const open = await openExceptions(code);
      const named = new Set(open.map(({ ref }) => ref));
      const others = (await wrong(code)).filter((ref) => !named.has(ref));
      assert.deepEqual(others, [], `${code}: held otherwise than it should be, and no exception says why`);
      const faults = hub.simulator.get(code).state()['faultsInjected'];
      const [batches] = await query<{ n: number; s: number }>(
        hub.source,
        `SELECT count(*) AS n, extract(epoch FROM max(ended_at) - min(sealed_at))::float8 AS s
         FROM batch JOIN provider USING (provider_id) WHERE code = $1`,
        [code],
      );
      context.diagnostic(
        `${code}: ${batches?.n} batches in ${Math.round(batches?.s ?? 0)} s, ${open.length} open exceptions, faults ${JSON.stringify(faults ?? {})}`,
      );
    }
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
    for (const code of CODES) hub.simulator.get(code).turn(CALM);
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
