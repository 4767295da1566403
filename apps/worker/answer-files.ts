// Answer files of a provider: read by one process at a time; what is set aside or missing among them is counted and alerted.
import type { DataSource } from 'typeorm';
import { KeyNotUsable, type Alerts, type Collected, type IncomingAnswer } from '#contracts';
import { checkReceipt, refuseByAnswer, type SweepTask } from '#dispatch';
import { faultPoint, inTransaction, type Logger, noteSetAside, query } from '#platform';
import type { SweepParts } from './sweep-tasks.js';

/** Gaps named in an alert, at most. */
const GAPS_NAMED = 5;

export function answerFiles(
  { source, adapters, recorder, wakeUp, alerts, log }: SweepParts,
  alone: (key: number, work: () => Promise<void>) => Promise<void>,
): SweepTask {
  const last = new Map<number, number>();
  return async ({ providerId, code, profile }, signal) => {
    const adapter = adapters.get(code);
    const { transport } = profile;
    if (!adapter.collect || transport.kind !== 'sftp') return;
    if (Date.now() - (last.get(providerId) ?? 0) < transport.pollMs) return;
    last.set(providerId, Date.now());
    const take = async (answer: IncomingAnswer) => {
      const { number, receipt, outcomes } = answer;
      if (receipt === 'accepted' && answer.sha256 !== undefined) {
        await checkReceipt(source, providerId, number, answer.sha256);
        await faultPoint('files.receiptRecorded');
      }
      if (receipt === 'refused') {
        const { code: why = 'PROVIDER_ERROR', detail = '', because } = answer;
        await refuseByAnswer(source, recorder, providerId, number, why, detail, because);
        await wakeUp.wake([providerId]);
      }
      if (outcomes) await recorder.record(providerId, number, outcomes);
    };
    await alone(7_240_100 + providerId, async () => {
      try {
        const look = await adapter.collect?.(take, signal);
        if (!look) return;
        await note({ source, alerts, log }, providerId, code, look);
        await alerts.clear({ kind: 'answersSetAside', providerId, subject: 'keys' });
      } catch (error) {
        // The other loose ends of this provider do not wait for its server.
        const reason = error instanceof Error ? error.message : 'unknown';
        log.warn({ event: 'answer files could not be read', provider: code, reason });
        if (error instanceof KeyNotUsable)
          await alerts.raise({ kind: 'answersSetAside', providerId, subject: 'keys', text: reason });
      }
    });
  };
}

/** Counts, shows and alerts what a look at the files found. */
async function note(
  { source, alerts, log }: { source: DataSource; alerts: Alerts; log: Logger },
  providerId: number,
  code: string,
  { taken, setAside, problems, unresolved, missing }: Collected,
): Promise<void> {
  if (taken > 0 || setAside > 0) log.info({ event: 'answer files read', provider: code, taken, setAside });
  for (const { file, number, reason } of problems) {
    const detail = `${file}: ${reason}`;
    await inTransaction(source, (tx) => noteSetAside(tx, providerId, { reason: 'file', number, detail, items: 1 }));
  }
  const files = { kind: 'answersSetAside', providerId, subject: 'files' } as const;
  const newest = problems.at(-1);
  if (unresolved > 0) {
    const which = newest ? `; the newest: ${newest.file}: ${newest.reason}` : '';
    await alerts.raise({ ...files, text: `${unresolved} answer files lie in inbound/setaside/${which}` });
  } else {
    await alerts.clear(files);
  }

  const gap = { kind: 'fileGap', providerId, subject: 'receipts' } as const;
  const due = await receiptsDue(source, providerId, missing);
  if (due.length > 0) {
    const some = due.slice(0, GAPS_NAMED).join(', ') + (due.length > GAPS_NAMED ? ' …' : '');
    await alerts.raise({ ...gap, text: `later files have receipts, ${due.length} have none: number ${some}` });
  } else {
    await alerts.clear(gap);
  }
}

const DUE = `
SELECT b.number FROM batch b JOIN unnest($2::bigint[], $3::bigint[]) AS gap(first, last) ON b.number BETWEEN gap.first AND gap.last
WHERE b.provider_id = $1 AND b.handed_at IS NOT NULL AND b.state IN ('handed', 'accepted', 'settled') ORDER BY 1 LIMIT 1000`;

/** Of the missing numbers those that the provider got: one that never arrived there has no receipt, and never will. */
async function receiptsDue(source: DataSource, providerId: number, missing: Collected['missing']): Promise<number[]> {
  if (missing.length === 0) return [];
  const [firsts, lasts] = [missing.map(({ from }) => from), missing.map(({ to }) => to)];
  const rows = await query<{ number: number }>(source, DUE, [providerId, firsts, lasts]);
  return rows.map(({ number }) => number);
}
