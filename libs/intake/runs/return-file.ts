// The agency's own file back: each row with the provider, how it stands there, why, and what to do.
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { query, type Vault } from '#platform';
import { annotatedCsv, OWN_COLUMNS, type AnnotatedRow } from '../reading/index.js';
import type { RegistrationState } from '../registration-row.js';
import { closing } from './error-file.js';
import { openRun, type JudgedRow } from './open-run.js';
import type { RunRow } from './run.js';
import { remedyOf } from './run-book.js';

/** Where one registration stands, in words for the agency. */
export interface Standing {
  /** E.g. `pending`, `in flight`, `applied`, `rejected`. */
  state: string;
  stateTh: string;
  reason: string;
  reasonTh: string;
  remedy: string;
  remedyTh: string;
}

/** What the app wires to say how confirmed registrations stand with their providers. */
export interface Standings {
  /** By registration id; one that is missing is shown by its registration's state alone. */
  of(registrations: { registrationId: string; lineId: number; providerId: number }[]): Promise<Map<string, Standing>>;
}
export const STANDINGS = Symbol('Standings');

const WORDS: Record<
  RegistrationState,
  { en: string; th: string; reason: string; reasonTh: string; remedy: string; remedyTh: string }
> = {
  draft: {
    en: 'draft',
    th: 'รอการยืนยัน',
    reason: 'It is not confirmed, so it is not sent.',
    reasonTh: 'ยังไม่มีการยืนยัน จึงยังไม่ส่งให้ผู้ให้บริการ',
    remedy: 'Fill in when, by whom and by which document it was confirmed, and send it again.',
    remedyTh: 'กรอกวันที่ ผู้ยืนยัน และเลขที่หนังสือยืนยัน แล้วส่งใหม่',
  },
  confirmed: { en: 'confirmed', th: 'ยืนยันแล้ว', reason: '', reasonTh: '', remedy: '', remedyTh: '' },
  cancelled: {
    en: 'cancelled',
    th: 'ยกเลิกแล้ว',
    reason: 'The registration was cancelled.',
    reasonTh: 'การลงทะเบียนถูกยกเลิก',
    remedy: 'Send the row again if it is still wanted.',
    remedyTh: 'หากยังต้องการใช้สิทธิ ให้ส่งแถวนี้ใหม่',
  },
  withdrawn: {
    en: 'withdrawn',
    th: 'เจ้าของหมายเลขขอถอนตัว',
    reason: 'The person asked out.',
    reasonTh: 'เจ้าของหมายเลขขอออกจากโครงการ',
    remedy: 'Only a newer confirmation by the person brings it back.',
    remedyTh: 'ต้องมีการยืนยันใหม่หลังวันที่ขอถอนตัว',
  },
};

const HEADERS = ['ผู้ให้บริการที่ส่ง (sent to)', 'สถานะ (status)', OWN_COLUMNS.reason, OWN_COLUMNS.remedy];

interface Found {
  n: number;
  registration_id: string;
  line_id: number;
  provider_id: number;
  state: RegistrationState;
}

/** CSV in UTF-8 with BOM, streamed, as things stand now. @throws Problem 410 when the original was erased */
export async function runReturnFile(
  source: DataSource,
  vault: Vault,
  run: RunRow,
  standings: Standings | null,
): Promise<Readable> {
  const opened = await openRun(source, vault, run);
  async function* annotated(): AsyncGenerator<AnnotatedRow> {
    for await (const block of opened.rows()) {
      const found = await registrationsOf(source, block);
      const confirmed = [...found.values()]
        .filter((row) => row.state === 'confirmed')
        .map((row) => ({ registrationId: row.registration_id, lineId: row.line_id, providerId: row.provider_id }));
      const standing = standings && confirmed.length > 0 ? await standings.of(confirmed) : new Map<string, Standing>();
      for (const [n, judged] of block.entries()) {
        const row = found.get(n);
        const sentTo = row ? (opened.catalogue.providersById.get(row.provider_id)?.code ?? '') : '';
        yield {
          cells: judged.cells,
          extra: [sentTo, ...inWords(judged, row, row && standing.get(row.registration_id))],
        };
      }
    }
  }
  const file = Readable.from(annotated())
    .on('error', (error) => file.destroy(error))
    .pipe(annotatedCsv(opened.header, HEADERS));
  return closing(file, () => opened.close());
}

/** Status, reason and remedy, Thai first. */
function inWords(judged: JudgedRow, row: Found | undefined, standing: Standing | undefined): [string, string, string] {
  if ('problems' in judged) {
    const remedies = judged.problems
      .map((problem) => remedyOf(problem.code))
      .filter((each) => each.remedy !== undefined);
    return [
      'ไม่รับ (rejected)',
      judged.problems.map((problem) => `${problem.th} (${problem.en})`).join('\n'),
      [...new Set(remedies.map((each) => `${each.remedyTh} (${each.remedy})`))].join('\n'),
    ];
  }
  if (!row) return ['ยังไม่บันทึก (not recorded)', 'ยังไม่ได้นำเข้าแถวนี้ (This row was not imported.)', ''];
  const both = (th: string, en: string) => (th === '' ? '' : `${th} (${en})`);
  if (standing)
    return [
      both(standing.stateTh, standing.state),
      both(standing.reasonTh, standing.reason),
      both(standing.remedyTh, standing.remedy),
    ];
  const words = WORDS[row.state];
  return [both(words.th, words.en), both(words.reasonTh, words.reason), both(words.remedyTh, words.remedy)];
}

async function registrationsOf(source: DataSource, block: JudgedRow[]): Promise<Map<number, Found>> {
  const keys = block.flatMap((judged, n) =>
    'problems' in judged
      ? []
      : [
          {
            n,
            agency_id: judged.registration.agencyId,
            reference: judged.registration.reference,
            line_key: judged.registration.lineKey,
          },
        ],
  );
  if (keys.length === 0) return new Map();
  const rows = await query<Found>(
    source,
    `SELECT k.n, r.registration_id, r.line_id, r.provider_id, r.state
     FROM json_to_recordset($1) AS k (n int, agency_id int, reference text, line_key text)
     JOIN line l ON l.line_key = k.line_key COLLATE "C"
     JOIN registration r ON r.agency_id = k.agency_id AND r.reference = k.reference COLLATE "C" AND r.line_id = l.line_id`,
    [JSON.stringify(keys)],
  );
  return new Map(rows.map((row) => [row.n, row]));
}
