// Switching the way to a provider (format, transport, acknowledgement): done under its lease, and only when nothing that was
// sealed or sent the old way is left open. Bytes of the old format never travel the new way.
import type { DataSource } from 'typeorm';
import { Problem, type Appender, type BatchState, type OutcomeRecorder } from '#contracts';
import { query } from '#platform';
import { closeBatch } from './close-batch.js';
import { acquireLease, LeaseLost, type Lease } from './lease.js';

/** A hand-over under way may take so long to end, in milliseconds. */
const PATIENCE_MS = 20_000;

/** What became of the batches that were open. */
export interface Emptied {
  /** Closed, their changes appended again: batches that the provider never got, and with `close` any without an outcome. */
  closed: number[];
  /** Some lines had outcomes: the others are uncertain now. */
  givenUp: number[];
}

export interface SwitchParts {
  source: DataSource;
  appender: Appender;
  recorder: OutcomeRecorder;
  owner: string;
  leaseS: number;
}

interface Open {
  number: number;
  state: Extract<BatchState, 'sealed' | 'handed' | 'accepted'>;
  heard: number;
}

const OPEN = `
SELECT number, state, heard FROM batch WHERE provider_id = $1 AND state IN ('sealed', 'handed', 'accepted') ORDER BY number`;

const OPEN_ONE = OPEN.replace(' ORDER BY', ' AND number = $2 ORDER BY');

/**
 * Runs `save` (which writes the new profile) while nobody can seal or send for this provider and no batch is open.
 * Batches that were sealed and never got there are closed, and what is still latest in them is appended again. Batches
 * whose fate or outcomes are awaited refuse the switch, unless `unsettled` is `close`: that needs the provider paused, and
 * their changes are appended again (the provider may then be told twice, which changes nothing in effect).
 * @throws Problem 409 when the lease is not to be had, batches are unsettled, or the provider is not paused
 */
export async function emptyForSwitch(
  parts: SwitchParts,
  providerId: number,
  unsettled: 'refuse' | 'close',
  save: () => Promise<void>,
): Promise<Emptied> {
  const { source } = parts;
  const lease = await patientLease(parts, providerId);
  try {
    const open = await query<Open>(source, OPEN, [providerId]);
    const awaited = open.filter((batch) => batch.state !== 'sealed');
    if (awaited.length > 0) await mayClose(source, providerId, unsettled, awaited);
    const emptied: Emptied = { closed: [], givenUp: [] };
    for (const { number } of open) {
      const reason = 'closed before the way to the provider was switched';
      await closeBatch(source, parts.appender, lease, number, reason, 'again');
      const [left] = await query<Open>(source, OPEN_ONE, [providerId, number]);
      if (!left) {
        emptied.closed.push(number);
        continue;
      }
      await parts.recorder.giveUp(providerId, number, 'the way to the provider was switched before all outcomes came');
      emptied.givenUp.push(number);
    }
    if (!lease.surelyHeld()) throw new LeaseLost();
    await save();
    return emptied;
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    throw busy();
  } finally {
    await lease.release();
  }
}

/** Takes the lease as soon as a hand-over under way has ended. @throws Problem 409 when that takes too long */
export async function patientLease(
  { source, owner, leaseS }: Pick<SwitchParts, 'source' | 'owner' | 'leaseS'>,
  providerId: number,
): Promise<Lease> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const lease = await acquireLease(source, providerId, owner, leaseS);
    if (lease) return lease;
    if (Date.now() > end) throw busy();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function busy(): Problem {
  return new Problem(
    409,
    'provider-busy',
    'A hand-over is under way',
    'Nothing was changed. Pause the provider, wait until its hand-over has ended, and try again.',
  );
}

async function mayClose(
  source: DataSource,
  providerId: number,
  unsettled: 'refuse' | 'close',
  awaited: Open[],
): Promise<void> {
  const numbers = awaited
    .slice(0, 20)
    .map((batch) => batch.number)
    .join(', ');
  if (unsettled === 'refuse') {
    throw new Problem(
      409,
      'batches-unsettled',
      'Batches of the old way are unsettled',
      `Nothing was changed. Answers are awaited for ${awaited.length} batches (${numbers}); their bytes and answers belong to the old way. Wait until they have settled, or pause the provider and close them.`,
    );
  }
  const [stream] = await query<{ paused_at: Date | null }>(
    source,
    'SELECT paused_at FROM provider_stream WHERE provider_id = $1',
    [providerId],
  );
  if (stream?.paused_at) return;
  throw new Problem(
    409,
    'provider-not-paused',
    'The provider is not paused',
    `Nothing was changed. Closing unsettled batches (${numbers}) appends their changes again; pause the provider first, so that somebody has decided it.`,
  );
}
