// For specs of intake: a database with six providers and all agencies, the real derivation, and files to import.
import { DataSource } from 'typeorm';
import type { ProviderProfile } from '#contracts';
import {
  CatalogueCache,
  ImportRunner,
  receiveOriginal,
  seedAgencies,
  type IntakeParts,
  type RunEnd,
  type Upload,
} from '#intake';
import { bangkokDay, createLogger, dataSource, newMasterKey, query, saveProvider, Vault } from '#platform';
import { referenceProfile } from '#adapters';
import { closeMoves, Deriver } from '#whitelist';
import { freshDatabase } from '../../support/database.js';

export interface TestIntake {
  url: string;
  masterKey: string;
  source: DataSource;
  parts: IntakeParts;
  /** Provider ids that were woken. */
  woken: number[];
  /** Stores a text as an original; returns the run's number. */
  upload(text: string, upload?: Partial<Upload>): Promise<number>;
  /** Stores and works it to its end. */
  import(
    text: string,
    upload?: Partial<Upload>,
  ): Promise<{ runId: number; end: RunEnd; counts: Record<string, number> }>;
  runner: ImportRunner;
  close(): Promise<void>;
}

export const PROVIDERS = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'];

/** The parts of intake on a database; with the keys of the process that made it. */
export function partsOf(source: DataSource, masterKey: string, woken: number[] = []): IntakeParts {
  const wakeUp = { wake: (ids: Iterable<number>) => Promise.resolve(void woken.push(...ids)) };
  return {
    source,
    derivation: new Deriver(() => []),
    vault: new Vault(masterKey),
    wakeUp,
    catalogue: new CatalogueCache(source),
  };
}

export async function startIntake(): Promise<TestIntake> {
  const database = await freshDatabase();
  const source = await dataSource(database.url, 12).initialize();
  const masterKey = newMasterKey();
  for (const code of PROVIDERS) await saveProvider(source, referenceProfile(code) as ProviderProfile, 1);
  await seedAgencies(source);
  const woken: number[] = [];
  const parts = partsOf(source, masterKey, woken);
  const runner = new ImportRunner(parts, createLogger('silent'));
  const upload = (text: string, given: Partial<Upload> = {}) =>
    receiveOriginal(
      source,
      parts.vault,
      { mode: 'add', agencyId: null, dryRun: false, options: {}, actorId: 1, ndjson: false, ...given },
      [Buffer.from(text)].values() as never,
    );
  return {
    url: database.url,
    masterKey,
    source,
    parts,
    woken,
    runner,
    upload,
    async import(text, given) {
      const runId = await upload(text, given);
      const end = await runner.run(runId, new AbortController().signal);
      const [run] = await query<{ counts: Record<string, number> }>(
        source,
        'SELECT counts FROM import_run WHERE run_id = $1',
        [runId],
      );
      return { runId, end, counts: run!.counts };
    },
    async close() {
      await source.destroy();
      await database.drop();
    },
  };
}

/** What is on the providers' lists now: `PROVIDER line package`, sorted. */
export async function present(source: DataSource): Promise<string[]> {
  const rows = await query<{ text: string }>(
    source,
    `SELECT p.code || ' ' || l.line_key || ' ' || e.package AS text FROM entry e JOIN provider p USING (provider_id) JOIN line l USING (line_id)
     WHERE e.present ORDER BY 1`,
  );
  return rows.map((row) => row.text);
}

export async function changes(source: DataSource): Promise<string[]> {
  const rows = await query<{ text: string }>(
    source,
    `SELECT p.code || ' ' || c.present || ' ' || c.cause AS text FROM change c JOIN provider p USING (provider_id) ORDER BY c.provider_id, c.seq`,
  );
  return rows.map((row) => row.text);
}

/** Every log is without gaps, and every entry's latest change is the state that it shows, unless its removal is held. */
export async function faults(source: DataSource): Promise<unknown[]> {
  return query(
    source,
    `SELECT 'gap' AS fault, provider_id FROM change GROUP BY provider_id HAVING max(seq) <> count(*)
     UNION ALL SELECT 'counter', c.provider_id FROM provider_counter c WHERE last_seq <> (SELECT count(*) FROM change x WHERE x.provider_id = c.provider_id)
     UNION ALL SELECT 'entry', e.provider_id FROM entry e LEFT JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
       WHERE e.last_seq > 0 AND (c.entry_ref, c.present, c.package, c.valid_from, c.valid_to) IS DISTINCT FROM (e.entry_ref, e.present, e.package, e.valid_from, e.valid_to)
         AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.kind = 'held' AND x.ended_at IS NULL AND NOT e.present)
     UNION ALL SELECT 'desired', r.provider_id FROM registration r JOIN line l USING (line_id)
       LEFT JOIN entry e ON e.provider_id = r.provider_id AND e.line_id = r.line_id AND e.present
       WHERE r.state = 'confirmed' AND (l.withdrawn_at IS NULL OR r.confirmed_at > l.withdrawn_at) AND r.valid_from <= current_date
         AND (r.valid_to IS NULL OR r.valid_to > current_date) AND e.line_id IS NULL
     UNION ALL SELECT 'undesired', e.provider_id FROM entry e WHERE e.present AND NOT EXISTS
       (SELECT 1 FROM registration r WHERE r.line_id = e.line_id AND r.provider_id = e.provider_id AND r.state = 'confirmed')
       AND NOT EXISTS (SELECT 1 FROM move m WHERE m.line_id = e.line_id AND m.from_provider = e.provider_id AND m.state = 'open')`,
  );
}

/** Ends all moves, as a worker does when their limit has passed: nobody acknowledges anything here. */
export async function endMoves(intake: TestIntake): Promise<void> {
  await query(intake.source, `UPDATE move SET limit_at = now() WHERE state = 'open'`);
  const providers = await query<{ id: number }>(intake.source, 'SELECT provider_id AS id FROM provider ORDER BY 1');
  const never = new AbortController().signal;
  for (const { id } of providers)
    await closeMoves(intake.source, intake.parts.derivation, id, bangkokDay(new Date()), never);
}

export const HEADER = 'หน่วยงาน,เลขอ้างอิง,ผู้ให้บริการ,ประเภท,หมายเลข,วันที่เริ่ม,ยืนยันเมื่อ,ผู้ยืนยัน,เลขที่หนังสือ\n';

export interface FileRow {
  agency?: string;
  reference: string;
  provider?: string;
  number: string;
  confirmedAt?: string;
}

/** A CSV file as an agency sends it; a row without `confirmedAt` is confirmed on 18 March 2020. */
export function csv(rows: FileRow[]): string {
  return (
    HEADER +
    rows
      .map(
        ({ agency = 'G0001', reference, provider = 'AIS', number, confirmedAt = '2020-03-18' }) =>
          `${agency},${reference},${provider},MB,${number},19/03/2563,${confirmedAt},${confirmedAt && 'ผอ.'},${confirmedAt && 'ดศ 1/2563'}\n`,
      )
      .join('')
  );
}

/** Made-up mobile numbers, n from 0. */
export function number(n: number): string {
  return `081${String(1_000_000 + n)}`;
}

export function fileOf(count: number, from = 0): string {
  return csv(
    Array.from({ length: count }, (_, n) => ({
      reference: `r${from + n}`,
      number: number(from + n),
      provider: ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT'][n % 5],
    })),
  );
}
