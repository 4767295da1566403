// Moves and re-routes over the API: four eyes, limits with named reasons, standstill, stop, and sheets that come again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import axios, { type AxiosInstance } from 'axios';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { pauseProvider, resumeProvider } from '#dispatch';
import { startTestHub, type TestHub } from '../../support/hub.js';
import { providerIds, registerAt, until } from './seventh.js';

const today = bangkokDay(new Date());
const reason = 'a merger of the two';

interface Task {
  rerouteId: number;
  provider: string;
  code: string;
  agencies: string[];
  state: string;
  how: string | null;
  line: string;
}

describe('moves and re-routes', () => {
  let hub: TestHub;
  let ids: Record<string, number>;
  let onde: AxiosInstance;
  let approver: AxiosInstance;
  let cli: (...args: string[]) => Promise<string>;
  const at = (code: string) => ({ code, id: ids[code] ?? 0 });
  const held = (code: string) => hub.simulator.get(code).provider.applier.book.count;
  const clientOf = async (url: string, name: string, scopes: string[]) => {
    const { key } = await createApiKey(hub.source, { name, scopes }, HUB_ACTOR_ID);
    return axios.create({ baseURL: url, headers: { Authorization: `Bearer ${key}` }, validateStatus: () => true });
  };
  const show = async (id: number) => (await onde.get(`/v1/hand-overs/${id}`)).data;
  const tasks = async (params = '') => (await onde.get(`/v1/reroutes${params}`)).data.reroutes as Task[];
  const alerts = async () => (await onde.get('/v1/alerts?kind=handOverStuck')).data.alerts as { text: string }[];
  const sheet = (number: string, provider: string, confirmedAt: string, tariff = 'WAH-MB') =>
    onde.post('/v1/registrations', {
      agency: 'T1',
      reference: `ref-${number}`,
      confirmation: { confirmedAt, confirmedBy: 'clerk', document: 'doc 1' },
      lines: [{ provider, access: 'MB', number, validFrom: today, package: tariff }],
    });

  before(async () => {
    hub = await startTestHub({
      providers: ['AIS', 'TRUE'],
      dials: { TRUE: { style: 'response' } },
      profile: (profile) => ({ ...profile, acknowledgement: 'response' }),
    });
    ids = await providerIds(hub.source);
    const url = await hub.serve();
    onde = await clientOf(url, 'onde', ['onde', 'ops.read', 'ops.act', 'approve']);
    approver = await clientOf(url, 'second person', ['approve']);
    const { key } = await createApiKey(hub.source, { name: 'cli', scopes: ['onde', 'ops.act'] }, HUB_ACTOR_ID);
    cli = async (...args) => {
      const env = { ...process.env, SAPHAN_URL: url, SAPHAN_KEY: key, LANG: 'en' };
      return (await promisify(execFile)(process.execPath, ['dist/apps/cli/main.js', ...args], { env })).stdout;
    };
    await hub.work();
  });
  after(() => hub.close());
  beforeEach(() => {
    for (const { turn } of hub.simulator.providers.values()) turn({ reject: { share: 0, removes: 'never' } });
  });

  async function propose(limitHours = 1): Promise<{ handOverId: number; planHash: string; plan: { lines: number } }> {
    const answer = await onde.post('/v1/hand-overs', { from: ['AIS'], to: 'TRUE', limitHours, reason });
    assert.equal(answer.status, 201, JSON.stringify(answer.data));
    return answer.data;
  }

  test('a second person approves exactly what was counted; a plan that changed is refused', async () => {
    const [lineId] = await registerAt(hub.source, at('AIS'), 'MB', 20, today);
    const { handOverId: id, planHash, plan } = await propose();
    assert.equal(plan.lines, 20);
    const own = await onde.post(`/v1/hand-overs/${id}/approve`, { planHash, reason });
    assert.deepEqual([own.status, own.data.type], [403, 'urn:saphan:problem:four-eyes']);
    assert.equal((await onde.post(`/v1/hand-overs/${id}/start`, { reason })).status, 409);
    await query(hub.source, `UPDATE registration SET state = 'cancelled' WHERE line_id = $1`, [lineId]);
    const changed = await approver.post(`/v1/hand-overs/${id}/approve`, { planHash, reason });
    assert.deepEqual([changed.status, changed.data.type], [409, 'urn:saphan:problem:plan-changed']);
    const anew = (await show(id)).planHash as string;
    assert.notEqual(anew, planHash);
    assert.equal(
      (await approver.post(`/v1/hand-overs/${id}/approve`, { planHash: anew, reason })).data.state,
      'approved',
    );
    assert.equal((await onde.post(`/v1/hand-overs/${id}/stop`, { reason })).data.state, 'stopped');
    await query(hub.source, `UPDATE registration SET state = 'confirmed' WHERE line_id = $1`, [lineId]);
    const acts = await query<{ act: string }>(
      hub.source,
      `SELECT act FROM audit WHERE subject = $1 ORDER BY audit_id`,
      [`hand-over:${id}`],
    );
    assert.deepEqual(
      acts.map((row) => row.act),
      ['handOver.propose', 'handOver.planChanged', 'handOver.approve', 'handOver.stop'],
    );
  });

  test('a new provider that is not sent to raises an alert; what is stopped stays where it is', async () => {
    await hub.settled();
    await pauseProvider(hub.source, at('TRUE').id, HUB_ACTOR_ID, 'maintenance');
    const { handOverId: id, planHash } = await propose();
    await approver.post(`/v1/hand-overs/${id}/approve`, { planHash, reason });
    assert.equal((await onde.post(`/v1/hand-overs/${id}/start`, { reason })).data.state, 'running');
    await until('the alert', 10, async () => (await alerts()).some((alert) => alert.text.includes('maintenance')));
    assert.equal((await onde.post(`/v1/hand-overs/${id}/pause`, { reason })).data.state, 'paused');
    await until('the alert is over', 10, async () => (await alerts()).length === 0);
    assert.equal((await onde.post(`/v1/hand-overs/${id}/resume`, { reason })).data.state, 'running');
    assert.equal((await onde.post(`/v1/hand-overs/${id}/stop`, { reason })).data.state, 'stopped');
    await resumeProvider(hub.source, at('TRUE').id, HUB_ACTOR_ID, 'done');
    await hub.settled();
    assert.deepEqual([held('AIS'), held('TRUE')], [20, 0]);
  });

  test('lines that the new provider rejects stay until the limit, which says why; then ONDE has a task for each', async () => {
    hub.simulator.get('TRUE').turn({ reject: { share: 0.4, codes: ['PORTED_OUT'], decide: 'byRef' } });
    const { handOverId: id, planHash } = await propose(0.1);
    // A limit of seconds, which nobody may ask for.
    await query(hub.source, 'UPDATE hand_over SET limit_s = 6 WHERE hand_over_id = $1', [id]);
    const fresh = await approver.post(`/v1/hand-overs/${id}/approve`, { planHash, reason });
    assert.equal(fresh.status, 409);
    await approver.post(`/v1/hand-overs/${id}/approve`, { planHash: (await show(id)).planHash, reason });
    await onde.post(`/v1/hand-overs/${id}/start`, { reason });
    await until('TRUE has the others', 10, async () => (await show(id)).progress.acknowledged > 0);
    const under = (await show(id)).progress;
    assert.equal(under.acknowledged + under.open, 20);
    await until(
      'it is complete',
      30,
      async () => (await show(id)).state === 'completed',
      () => show(id),
    );
    const { progress } = await show(id);
    assert.ok(progress.limit > 0 && progress.limit < 20);
    assert.deepEqual(progress.limitReasons, { 'rejected PORTED_OUT': progress.limit });
    await hub.settled();
    assert.deepEqual([held('AIS'), held('TRUE')], [0, 20 - progress.limit]);
    const open = await tasks('?provider=TRUE&agency=T1');
    assert.deepEqual(
      open.map(({ code, agencies, state }) => ({ code, agencies, state })),
      open.map(() => ({ code: 'PORTED_OUT', agencies: ['T1'], state: 'open' })),
    );
    assert.equal(open.length, progress.limit);
    const counts = (await onde.get('/v1/reroutes/counts')).data;
    assert.deepEqual(counts.byProvider, [{ provider: 'TRUE', code: 'PORTED_OUT', open: progress.limit }]);
    assert.deepEqual(counts.byAgency, [{ agency: 'T1', open: progress.limit }]);
    assert.ok(open.every((task) => task.line.includes('***')));

    // Given up: the removal that follows is rejected as ported out again, which means that it is done.
    hub.simulator.get('TRUE').turn({ reject: { share: 1, removes: 'too', codes: ['PORTED_OUT'] } });
    const closed = await onde.post(`/v1/reroutes/${open[0]?.rerouteId}/close`, { reason: 'the person left' });
    assert.equal(closed.status, 204);
    await hub.settled();
    const [bad] = await query<{ n: number }>(
      hub.source,
      `SELECT count(*) AS n FROM exception x JOIN change c USING (provider_id, seq) WHERE NOT c.present AND x.ended_at IS NULL`,
    );
    assert.equal(bad?.n, 0);
    const ended = await tasks('?state=closed');
    assert.deepEqual([ended.length, ended[0]?.how], [1, 'givenUp']);
    assert.equal((await onde.post(`/v1/reroutes/${open[0]?.rerouteId}/close`, { reason })).status, 409);
    await query(hub.source, 'UPDATE provider SET profile = profile - $1 WHERE code = $2', ['successor', 'AIS']);
  });

  test('ONDE names the new provider with a new confirmation; yesterday’s sheet does not bring the line back', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    hub.simulator.get('AIS').turn({ reject: { share: 1, codes: ['PORTED_OUT'] } });
    const before = '2020-03-20T09:00:00+07:00';
    assert.equal((await sheet('0811111111', 'AIS', before)).status, 201);
    await until('a task at AIS', 10, async () => (await tasks('?provider=AIS')).length === 1);
    const [task] = await tasks('?provider=AIS');
    const resolve = (provider: string, confirmedAt: string) =>
      onde.post(`/v1/reroutes/${task?.rerouteId}/resolve`, {
        provider,
        confirmedAt,
        confirmedBy: 'clerk',
        documentRef: 'doc 2',
        reason: 'the person moved',
      });
    assert.equal((await resolve('AIS', '2020-04-02T09:00:00+07:00')).status, 422);
    assert.equal((await resolve('TRUE', before)).status, 422);
    const holdsBefore = held('TRUE');
    assert.equal((await resolve('TRUE', '2020-04-02T09:00:00+07:00')).status, 204);
    await hub.settled();
    assert.deepEqual([held('AIS'), held('TRUE')], [0, holdsBefore + 1]);

    const again = await sheet('0811111111', 'AIS', before);
    assert.deepEqual(
      again.data.lines.map((line: { result: string }) => line.result),
      ['same'],
    );
    const stored = () =>
      query(
        hub.source,
        `SELECT p.code, r.document_ref AS document FROM registration r JOIN provider p USING (provider_id) WHERE r.reference = 'ref-0811111111'`,
      );
    assert.deepEqual(await stored(), [{ code: 'TRUE', document: 'doc 2' }]);
    hub.simulator.get('AIS').turn({ reject: { share: 0 } });
    await sheet('0811111111', 'AIS', '2020-05-01T09:00:00+07:00');
    assert.deepEqual(await stored(), [{ code: 'AIS', document: 'doc 1' }]);
    // An agency's own amendment is a move as well: TRUE keeps the line until AIS has it.
    await until('it is at AIS alone', 10, async () => held('AIS') === 1 && held('TRUE') === holdsBefore);
    const moved = await query(
      hub.source,
      `SELECT end_reason FROM move WHERE from_provider = $1 AND hand_over_id IS NULL`,
      [at('TRUE').id],
    );
    assert.deepEqual(moved, [{ end_reason: 'acknowledged' }]);
  });

  test('a task ends by itself when the provider has the line after all, or nobody wants it there', async () => {
    hub.simulator.get('AIS').turn({ reject: { share: 1, codes: ['NOT_SUBSCRIBER'] } });
    await sheet('0822222222', 'AIS', '2020-03-20T09:00:00+07:00');
    await sheet('0833333333', 'AIS', '2020-03-20T09:00:00+07:00');
    await until('two tasks', 10, async () => (await tasks('?provider=AIS')).length === 2);
    hub.simulator.get('AIS').turn({ reject: { share: 0 } });
    const gone = await onde.post('/v1/withdrawals', { access: 'MB', number: '0833333333', reason: 'asked out' });
    assert.ok(gone.status < 300, JSON.stringify(gone.data));
    await sheet('0822222222', 'AIS', '2020-03-20T09:00:00+07:00', 'WAH-MB-2');
    await until('both tasks are over', 15, async () => (await tasks('?provider=AIS')).length === 0);
    const ended = (await tasks('?state=closed&provider=AIS')).slice(0, 2).map((task) => task.how);
    assert.deepEqual(new Set(ended), new Set(['applied', 'notDesired']));
  });

  test('the command line proposes, lists and stops', async () => {
    const words = ['--reason', reason];
    const proposed = await cli('hand-over', 'propose', '--from', 'AIS', '--to', 'TRUE', ...words, '--json');
    const { handOverId: id, planHash } = JSON.parse(proposed) as { handOverId: number; planHash: string };
    assert.match(await cli('hand-over', 'show', String(id)), new RegExp(`AIS → TRUE: proposed[^]*${planHash}`));
    assert.match(await cli('hand-over', 'stop', String(id), ...words), /stopped/);
    assert.match(await cli('hand-over', 'list'), new RegExp(`${id} +AIS +TRUE +stopped`));
    const counts = JSON.parse(await cli('reroute', 'counts', '--json')) as { open: number };
    const lines = (await cli('reroute', 'list', '--provider', 'TRUE')).trim().split('\n').slice(1);
    assert.equal(lines.length, counts.open);
    await assert.rejects(cli('hand-over', 'approve', String(id), '--plan-hash', planHash, ...words));
  });
});
