// Registrations that arrive one by one while another is being written are written together: one lock of the log, one commit.
import { faultPoint, inTransaction } from '#platform';
import type { IntakeParts } from './register.js';
import type { RegistrationRow } from './registration-row.js';
import { writeChunk, type WrittenRow } from './write-chunk.js';

/** Most rows of one transaction: few enough that those who come meanwhile do not notice. */
const MOST_ROWS = 500;

interface Waiting {
  rows: RegistrationRow[];
  actorId: number;
  done: (rows: WrittenRow[]) => void;
  failed: (reason: unknown) => void;
}

const queues = new WeakMap<IntakeParts, { waiting: Waiting[]; busy: boolean }>();

/**
 * Writes the rows of one request and wakes the providers. Idle, it starts at once; while a transaction of this process
 * is under way, requests gather and go with the next one. Each of them holding the log's counter in turn, with the way
 * to the database and back in between, would make 200 a second wait for one another. `n` counts the request's own rows.
 */
export function writeTogether(parts: IntakeParts, rows: RegistrationRow[], actorId: number): Promise<WrittenRow[]> {
  let queue = queues.get(parts);
  if (!queue) queues.set(parts, (queue = { waiting: [], busy: false }));
  const { waiting } = queue;
  const answer = new Promise<WrittenRow[]>((done, failed) => waiting.push({ rows, actorId, done, failed }));
  if (!queue.busy) void drain(parts, queue);
  return answer;
}

async function drain(parts: IntakeParts, queue: { waiting: Waiting[]; busy: boolean }): Promise<void> {
  queue.busy = true;
  while (queue.waiting.length > 0) {
    const group = takeGroup(queue.waiting);
    try {
      await writeGroup(parts, group);
    } catch (reason) {
      // Whose fault it was is not known: alone, each gets its own answer.
      if (group.length === 1) group[0]!.failed(reason);
      else for (const one of group) await writeGroup(parts, [one]).catch(one.failed);
    }
  }
  queue.busy = false;
}

/** The first one, and those behind it of the same actor that speak of other lines; the rest keeps its order. */
function takeGroup(waiting: Waiting[]): Waiting[] {
  const group: Waiting[] = [];
  const left: Waiting[] = [];
  const lines = new Set<string>();
  let size = 0;
  for (const one of waiting) {
    const fits =
      group.length === 0 ||
      (one.actorId === group[0]!.actorId &&
        size + one.rows.length <= MOST_ROWS &&
        !one.rows.some((row) => lines.has(row.lineKey)));
    // Who speaks of a line of somebody left behind stays behind, too: that line's order is the order of arrival.
    for (const row of one.rows) lines.add(row.lineKey);
    if (fits) size += one.rows.length;
    (fits ? group : left).push(one);
  }
  waiting.splice(0, waiting.length, ...left);
  return group;
}

async function writeGroup(parts: IntakeParts, group: Waiting[]): Promise<void> {
  const rows = group.flatMap((one) => one.rows);
  const context = { actorId: group[0]!.actorId, runId: null, now: new Date() };
  const written = await inTransaction(parts.source, async (tx) => {
    const done = await writeChunk(tx, rows, context, parts);
    await faultPoint('register.beforeCommit');
    return done;
  });
  let first = 0;
  for (const one of group) {
    const from = first;
    first += one.rows.length;
    const own = written.rows.filter((row) => row.n >= from && row.n < from + one.rows.length);
    one.done(own.map((row) => ({ ...row, n: row.n - from })));
  }
  await faultPoint('register.written');
  await parts.wakeUp.wake(written.providerIds);
}
