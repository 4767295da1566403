// What brings a process to each fault point: for every name of the table what is prepared, and which process dies of it.
import assert from 'node:assert/strict';
import { approveHandOver, proposeHandOver, startHandOver } from '#intake';
import { bangkokDay, HUB_ACTOR_ID, query, type FaultPoint } from '#platform';
import { approveRepair, proposeRepair } from '#reconciliation';
import { approveHeld, listHeld } from '#whitelist';
import { fixtureList } from '../integration/destinations/destinations-kit.js';
import { pause, until, type Code, type FaultHub } from './fault-hub.js';
import type { Load } from './load.js';

export interface Stage {
  kit: FaultHub;
  load: Load;
}

export interface Scenario {
  process: 'worker' | 'api';
  /** Before the process that will die is started; the API runs and takes requests. */
  prepare?(stage: Stage): Promise<unknown>;
  /** While it runs. */
  act?(stage: Stage, died: Promise<unknown>): Promise<unknown>;
  /** After it died. */
  calm?(stage: Stage): Promise<unknown>;
}

/** A worker that is left alone until a fact holds; everything that was begun before goes on with it. */
async function meanwhile({ kit }: Stage, what: string, holds: () => Promise<boolean>): Promise<void> {
  const worker = kit.spawn('worker');
  await until(what, holds).finally(() => kit.kill(worker));
}

const quiet = ({ kit }: Stage): Promise<void> => kit.recovers();

async function idOf({ kit }: Stage, code: Code): Promise<number> {
  const [row] = await query<{ id: number }>(kit.hub.source, 'SELECT provider_id AS id FROM provider WHERE code = $1', [
    code,
  ]);
  return row?.id ?? 0;
}

async function imported({ kit }: Stage, runs: readonly number[]): Promise<boolean> {
  const rows = await query<{ state: string }>(kit.hub.source, 'SELECT state FROM import_run WHERE run_id = ANY($1)', [
    runs,
  ]);
  return rows.every(({ state }) => state === 'completed');
}

const more: Scenario['prepare'] = ({ load }) => load.more();
const worker: Scenario = { process: 'worker', prepare: more };

/** A worker beside the API: what it delivers is answered to the API, which dies of it. */
function answeredToApi(providers: Code[]): Scenario {
  return {
    process: 'api',
    prepare: ({ load }) => load.more(8, providers),
    act: async ({ kit }, died) => {
      const beside = kit.spawn('worker');
      await died;
      await kit.kill(beside);
    },
  };
}

const turn =
  (code: Code, change: Parameters<ReturnType<FaultHub['hub']['simulator']['get']>['turn']>[0]) =>
  ({ kit }: Stage): Promise<unknown> =>
    Promise.resolve(kit.hub.simulator.get(code).turn(change));

/** A provider that behaves so until the process is dead. */
function tempered(code: Code, rough: Parameters<typeof turn>[1], smooth: Parameters<typeof turn>[1]): Scenario {
  return {
    process: 'worker',
    prepare: async (stage) => {
      await turn(code, rough)(stage);
      await stage.load.more(12, [code]);
    },
    calm: turn(code, smooth),
  };
}

/** Lines of an agency that a roster or an undo takes off again. */
async function registerAgency(stage: Stage, agency: string, count: number): Promise<number> {
  const lines = stage.load.fresh(count, ['AIS']);
  const run = await stage.load.upload(lines, {}, agency);
  await meanwhile(stage, `the lines of ${agency} are imported`, () => imported(stage, [run]));
  await stage.load.upload(lines.slice(0, 5), { mode: 'roster', agency }, agency);
  return run;
}

async function someEnd({ kit }: Stage): Promise<void> {
  const today = bangkokDay(new Date());
  await query(
    kit.hub.source,
    `WITH ended AS (
       UPDATE registration SET valid_to = $1::date - 1 WHERE registration_id IN (
         SELECT registration_id FROM registration WHERE state = 'confirmed' ORDER BY registration_id DESC LIMIT 6) RETURNING line_id)
     UPDATE entry SET due_on = $1::date WHERE line_id IN (SELECT line_id FROM ended)`,
    [today],
  );
}

async function approveDraft({ kit }: Stage): Promise<number> {
  const list = fixtureList('webex-circa-2020.json');
  await kit.onde.post('/v1/destinations/sources', list, {
    params: { reason: 'a test', version: '2020' },
    headers: { 'content-type': 'application/octet-stream' },
  });
  const { data } = await kit.onde.post<{ draftId: number; contentSha256: string }>('/v1/destinations/drafts', {
    reason: 'a test',
  });
  await kit.approver.http.post(`/v1/destinations/drafts/${data.draftId}/approve`, {
    contentSha256: data.contentSha256,
    reason: 'looked at it',
  });
  return data.draftId;
}

let draft = 0;
const publish = ({ kit }: Stage): Promise<unknown> =>
  kit.onde.post(`/v1/destinations/drafts/${draft}/publish`, { reason: 'as agreed' });

const reconcile = ({ kit }: Stage): Promise<unknown> =>
  kit.onde.post('/v1/providers/AIS/reconciliations', { reason: 'a test' });

async function reconciled(stage: Stage): Promise<void> {
  await reconcile(stage);
  await meanwhile(stage, 'the comparison has ended', async () => {
    const open = await query(stage.kit.hub.source, 'SELECT 1 FROM reconciliation WHERE ended_at IS NULL');
    return open.length === 0;
  });
}

async function lostThere(stage: Stage): Promise<void> {
  const { book } = stage.kit.hub.simulator.get('AIS').provider.applier;
  for (const ref of book.sortedRefs().slice(0, 3)) book.remove(ref, book.seqOf(book.find(ref)));
  await reconciled(stage);
  await reconciled(stage);
  const { source } = stage.kit.hub;
  const plan = await proposeRepair(source, await idOf(stage, 'AIS'), {
    actorId: HUB_ACTOR_ID,
    reason: 'missing there',
  });
  const [row] = await query<{ sha256: Buffer }>(source, 'SELECT sha256 FROM repair_plan WHERE plan_id = $1', [plan]);
  const who = { actorId: stage.kit.approver.actorId, reason: 'looked at it' };
  await approveRepair(source, plan, row?.sha256.toString('hex') ?? '', who);
}

async function handOver(stage: Stage, from: Code, to: Code): Promise<void> {
  const { source } = stage.kit.hub;
  const proposed = await proposeHandOver(source, { from: [from], to, limitS: 3600, reason: 'merger', actorId: 1 });
  const { handOverId, planHash } = proposed;
  const { actorId } = stage.kit.approver;
  await approveHandOver(source, handOverId, { planHash, reason: 'as agreed', actorId });
  await startHandOver(source, handOverId, { actorId: 1, reason: 'merger' });
}

async function replayRejected(stage: Stage): Promise<void> {
  const { kit, load } = stage;
  await turn('AIS', { reject: { share: 1, codes: ['PACKAGE_NOT_ELIGIBLE'] } })(stage);
  await load.more(6, ['AIS']);
  await meanwhile(stage, 'some are rejected', async () => {
    const rows = await query(kit.hub.source, `SELECT 1 FROM exception WHERE kind = 'rejected' AND ended_at IS NULL`);
    return rows.length >= 6;
  });
  await turn('AIS', { reject: { share: 0 } })(stage);
  const { data } = await kit.onde.post<{ replayId: number }>('/v1/providers/AIS/replays', { kind: 'rejected' });
  await kit.onde.post(`/v1/replays/${data.replayId}/start`, { reason: 'mended there' });
}

/** Beside a change that waits for the outcome of its predecessor another one goes out, so that it stands in a batch. */
async function waitsForOutcome(stage: Stage, died: Promise<unknown>): Promise<void> {
  const { kit, load } = stage;
  const end = { dead: false };
  void died.then(() => (end.dead = true));
  const beside = kit.spawn('worker');
  const handed = async (batches: number): Promise<boolean> => {
    const rows = await query(
      kit.hub.source,
      `SELECT 1 FROM batch JOIN provider USING (provider_id) WHERE code = 'TRUE' AND state = 'accepted'`,
    );
    return rows.length >= batches;
  };
  try {
    while (!end.dead) {
      const [line] = load.fresh(1, ['TRUE']);
      if (!line) return;
      await load.upload([line]);
      await until('it is handed over', () => handed(1), 20);
      await load.upload([line, ...load.fresh(1, ['TRUE'])], { validTo: '2031-12-31' });
      await pause(1_500);
    }
  } finally {
    await kit.kill(beside);
  }
}

let undoable = 0;

/** In the order in which they are gone through: what one leaves behind is what the next one begins with. */
export const SCENARIOS: Record<FaultPoint, Scenario> = {
  'import.received': { process: 'api', act: more },
  'import.taken': worker,
  'import.beforeCommit': worker,
  'import.afterChunk': worker,
  'import.allRead': worker,
  'import.ended': worker,
  'register.beforeCommit': { process: 'api', act: ({ load }) => load.register(load.fresh(1, ['AIS'])[0]!) },
  'register.written': { process: 'api', act: ({ load }) => load.register(load.fresh(1, ['TRUE'])[0]!) },
  'withdraw.written': { process: 'api', act: ({ load }) => load.withdraw(load.lines.pop()!) },
  'whitelist.derived': worker,
  'whitelist.dayTurned': { process: 'worker', prepare: someEnd },
  'import.afterRemoval': {
    process: 'worker',
    prepare: async (stage) => {
      await registerAgency(stage, 'G0002', 230);
    },
  },
  'brake.released': {
    process: 'worker',
    prepare: async (stage) => {
      await quiet(stage);
      const { source } = stage.kit.hub;
      const [held] = await listHeld(source, { state: 'open', limit: 1 });
      assert.ok(held?.planHash, 'some removals are held');
      const { actorId } = stage.kit.approver;
      await approveHeld(source, { plan: held.plan, planHash: held.planHash, reason: 'as agreed', actorId });
    },
  },
  'import.afterUndoChunk': {
    process: 'worker',
    prepare: async (stage) => {
      undoable = await stage.load.upload(stage.load.fresh(8), {}, 'G0003');
      await meanwhile(stage, 'it is imported', () => imported(stage, [undoable]));
      await stage.kit.onde.post(`/v1/imports/${undoable}/undo`, { reason: 'a wrong file' });
    },
  },

  'dispatch.leased': worker,
  'dispatch.numbersCompared': worker,
  'dispatch.rendered': worker,
  'dispatch.stored': worker,
  'dispatch.sealed': worker,
  'http.requested': worker,
  'dispatch.handedOver': worker,
  'dispatch.outcomesRecorded': worker,
  'dispatch.recorded': worker,
  'dispatch.attemptRecorded': tempered('AIS', { faults: { unavailable: 1 } }, { faults: { unavailable: 0 } }),
  'dispatch.askRecorded': tempered('DTAC', { faults: { resetBefore: 1 } }, {}),
  'dispatch.asked': tempered('DTAC', { faults: { resetBefore: 1 } }, {}),
  'dispatch.closed': tempered('DTAC', { faults: { resetBefore: 1 } }, { faults: { resetBefore: 0 } }),
  'dispatch.refused': tempered('AIS', { poison: 0.3 }, { poison: 0 }),
  'dispatch.overtakenRepeated': worker,
  'dispatch.listPart': {
    process: 'worker',
    prepare: ({ kit }) => kit.onde.post('/v1/syncs', { kind: 'full', providers: ['TRUE'], reason: 'a test' }),
  },
  'dispatch.restated': {
    process: 'worker',
    prepare: ({ kit }) => kit.onde.post('/v1/syncs', { kind: 'full', providers: ['DTAC'], reason: 'a test' }),
  },
  'dispatch.pageNoted': answeredToApi(['3BB']),
  'dispatch.cursorTaken': answeredToApi(['3BB']),

  'files.written': worker,
  'files.renamed': worker,
  'files.dataThere': worker,
  'files.answerRead': worker,
  'files.receiptRecorded': worker,
  'files.answerTaken': worker,
  'files.answerMoved': worker,

  'acknowledgement.claimed': answeredToApi(['TRUE']),
  'acknowledgement.merged': worker,
  'acknowledgement.recorded': worker,
  'acknowledgement.released': {
    process: 'api',
    prepare: turn('TRUE', { answer: { delayMs: { min: 2_000, max: 2_000 } } }),
    act: waitsForOutcome,
    calm: turn('TRUE', { answer: { delayMs: { min: 0, max: 0 } } }),
  },
  'acknowledgement.answered': answeredToApi(['TRUE']),
  'acknowledgement.retried': tempered('AIS', { retryLater: { share: 1 } }, { retryLater: { share: 0 } }),
  'acknowledgement.replayed': { process: 'worker', prepare: replayRejected },

  'destinations.published': {
    process: 'api',
    prepare: async (stage) => {
      draft = await approveDraft(stage);
    },
    act: publish,
    calm: publish,
  },
  'destinations.tookEffect': { process: 'worker' },
  'destinations.begun': { process: 'worker' },
  'destinations.sent': { process: 'worker' },
  'destinations.recorded': { process: 'worker' },

  'reconcile.wanted': { process: 'api', prepare: quiet, act: reconcile },
  'reconcile.compared': { process: 'worker', prepare: reconcile },
  'reconcile.recorded': { process: 'worker', prepare: reconcile },
  'reconcile.planChunk': { process: 'worker', prepare: lostThere },
  'reconcile.forwardChunk': {
    process: 'worker',
    prepare: async (stage) => {
      await quiet(stage);
      stage.kit.hub.simulator.get('AIS').forget({ batches: 2 });
      await reconcile(stage);
    },
  },

  'moves.closed': { process: 'worker', prepare: (stage) => handOver(stage, 'TOT', 'CAT') },
  'handOver.beforeCommit': {
    process: 'worker',
    prepare: async (stage) => {
      await quiet(stage);
      await handOver(stage, '3BB', 'AIS');
    },
  },
  'handOver.afterChunk': { process: 'worker' },
  'handOver.nameSuccessor': { process: 'worker' },
  'handOver.lastRound': { process: 'worker' },
  'handOver.awaitAnswers': { process: 'worker' },
  'handOver.complete': { process: 'worker' },
};
