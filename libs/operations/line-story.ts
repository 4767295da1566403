// The whole story of one line: what was registered, what should be where, every change and attempt, and why it is not free.
import type { DataSource } from 'typeorm';
import type { Day, ProviderProfile } from '#contracts';
import { bangkokDay, query } from '#platform';
import { readDisclosures } from './disclosures.js';
import { meaningOf } from './exceptions.js';
import { readLineEntries, type ChangeRow, type EntryRow, type LineEntries } from './line-entries.js';
import { standingOf } from './line-standing.js';
import { maskLine } from './mask.js';
import { attemptsAt, readStreams, type AttemptRow } from './provider-stream.js';
import { whyLine } from './why-line.js';
import { whyNotFree, type Sentence } from './why-not-free.js';

export interface RegistrationStory {
  registrationId: string;
  agency: { code: string; nameTh: string };
  reference: string;
  provider: string;
  package: string;
  validFrom: Day;
  validTo: Day | null;
  state: 'draft' | 'confirmed' | 'cancelled' | 'withdrawn';
  confirmedAt: Date | null;
  confirmedBy: string | null;
  documentRef: string | null;
  revision: number;
  runId: number | null;
  actor: string;
  createdAt: Date;
  updatedAt: Date;
}

const LINE = 'SELECT line_key, withdrawn_at FROM line WHERE line_id = $1';

const REGISTRATIONS = `
SELECT r.registration_id AS "registrationId", json_build_object('code', g.code, 'nameTh', g.name_th) AS agency, r.reference, p.code AS provider,
  r.package, r.valid_from AS "validFrom", r.valid_to AS "validTo", r.state, r.confirmed_at AS "confirmedAt", r.confirmed_by AS "confirmedBy",
  r.document_ref AS "documentRef", r.revision, r.run_id AS "runId", a.name AS actor, r.created_at AS "createdAt", r.updated_at AS "updatedAt"
FROM registration r JOIN agency g USING (agency_id) JOIN provider p USING (provider_id) LEFT JOIN actor a ON a.actor_id = r.actor_id
WHERE r.line_id = $1 ORDER BY r.created_at`;

interface Provider {
  provider_id: number;
  profile: ProviderProfile;
}

/** Null when there is no such line. `now` decides what has begun and what has ended. */
export async function readLineStory(source: DataSource, lineId: number, now = new Date()) {
  const [line] = await query<{ line_key: string; withdrawn_at: Date | null }>(source, LINE, [lineId]);
  if (!line) return null;
  const [registrations, rows] = await Promise.all([
    query<RegistrationStory>(source, REGISTRATIONS, [lineId]),
    readLineEntries(source, lineId),
  ]);
  const today = bangkokDay(now);
  const ids = rows.entries.map((entry) => entry.providerId);
  const [disclosures, profiles, streams, attempts] = await Promise.all([
    readDisclosures(source, lineId, rows.carried),
    query<Provider>(source, 'SELECT provider_id, profile FROM provider WHERE provider_id = ANY($1::smallint[])', [ids]),
    readStreams(source, ids),
    Promise.all(
      ids.map((id) =>
        attemptsAt(
          source,
          id,
          rows.carried.filter((each) => each.providerId === id && each.how === 'sent').map((each) => each.number),
        ),
      ),
    ),
  ]);
  const providers = rows.entries.map((entry, i) => {
    const profile = profiles.find((each) => each.provider_id === entry.providerId)?.profile;
    if (!profile) throw new Error(`provider ${entry.providerId} is not there`);
    const stream = streams.find((each) => each.provider === entry.provider);
    const standing = standingOf(entry, rows);
    const sentence = whyNotFree(
      {
        nameTh: profile.nameTh,
        nameEn: profile.nameEn,
        present: entry.present,
        validFrom: entry.validFrom,
        validTo: entry.validTo,
        dueOn: entry.dueOn,
        standing,
        paused: stream?.paused ?? null,
        notBefore: stream?.notBefore ?? null,
        receiptDeadlineS: profile.receiptDeadlineS,
        outcomeDeadlineS: profile.outcomeDeadlineS,
      },
      today,
    );
    return {
      provider: entry.provider,
      entryRef: entry.entryRef,
      desired: {
        present: entry.present,
        package: entry.package,
        validFrom: entry.validFrom,
        validTo: entry.validTo,
        nextChangeOn: entry.dueOn,
      },
      revision: entry.revision,
      status: standing.standing,
      sentence,
      changes: changesOf(entry, rows, attempts[i] ?? []),
    };
  });
  const why: Sentence = whyLine(
    providers.map(({ desired, sentence }) => ({ present: desired.present, dueOn: desired.nextChangeOn, sentence })),
    registrations,
    line.withdrawn_at,
    today,
  );
  return {
    ...maskLine(line.line_key),
    withdrawnAt: line.withdrawn_at,
    asOf: now,
    why,
    registrations,
    providers,
    disclosures,
  };
}

export type LineStory = NonNullable<Awaited<ReturnType<typeof readLineStory>>>;

function changesOf(entry: EntryRow, rows: LineEntries, attempts: AttemptRow[]) {
  return rows.changes
    .filter((change) => change.providerId === entry.providerId)
    .map((change) => changeStory(change, rows, attempts));
}

function changeStory(change: ChangeRow, rows: LineEntries, attempts: AttemptRow[]) {
  const isOwn = (row: { providerId: number; seq: number }) =>
    row.providerId === change.providerId && row.seq === change.seq;
  const exceptions = rows.exceptions.filter(isOwn);
  const batches = rows.carried.filter(isOwn).map(({ providerId: _, seq: __, word, ...batch }) => ({
    ...batch,
    outcome: exceptions.find((each) => each.number === batch.number && each.endReason !== 'answered')?.kind ?? word,
    attempts: attempts
      .filter((attempt) => attempt.number === batch.number)
      .map(({ number: ___, ...attempt }) => attempt),
  }));
  const { providerId: _, present, ...shown } = change;
  return {
    ...shown,
    op: present ? ('ADD' as const) : ('REMOVE' as const),
    batches,
    exceptions: exceptions.map(({ providerId: __, seq: ___, ...exception }) => ({
      ...exception,
      ...meaningOf(exception.kind, exception.code),
    })),
  };
}
