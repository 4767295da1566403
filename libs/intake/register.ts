// One registration with its lines, as an agency's system sends it: read, written and derived in one transaction.
import type { DataSource } from 'typeorm';
import { Problem, type Access, type ProblemItem, type ProviderCode, type WakeUp } from '#contracts';
import { receiverOf, type CatalogueCache } from './catalogue.js';
import { createJsonReader, problemItem, type JsonRegistration } from './read-json.js';
import { repairTable, type ReadRegistration, type Repair } from './reading/index.js';
import { rowOf, type RegistrationRow, type RegistrationState, type WriteWord } from './registration-row.js';
import type { WriteParts } from './write-chunk.js';
import { writeTogether } from './write-together.js';

export const MOST_LINES = 50;

export interface RegistrationRequest {
  agency: string;
  reference: string;
  confirmation?: { confirmedAt: string; confirmedBy: string; document: string };
  lines: Omit<JsonRegistration, 'agency' | 'reference' | 'confirmation'>[];
}

/** What became of one line. Holds no number: the request's order says which line it is. */
export interface RegisteredLine {
  /** Id of the registration of this line. */
  id: string;
  /** Opaque id of the line, for its whole history. */
  lineId: string;
  provider: ProviderCode;
  access: Access;
  state: RegistrationState;
  result: WriteWord;
  /** What was repaired in the request, in words. */
  repairs?: { field: string; code: string; detail: string; detailTh: string }[];
}

export interface RegistrationAnswer {
  agency: string;
  reference: string;
  lines: RegisteredLine[];
}

export interface IntakeParts extends WriteParts {
  source: DataSource;
  catalogue: CatalogueCache;
  wakeUp: WakeUp;
}

/**
 * Registers 1 to 50 lines under one reference of an agency. The same again changes nothing; other content is an
 * amendment; lines sent earlier and not now stay as they are. Without confirmation the lines are drafts.
 * @throws Problem 422 with an item per wrong field; then nothing was written
 */
export async function register(
  parts: IntakeParts,
  request: RegistrationRequest,
  actorId: number,
): Promise<RegistrationAnswer> {
  const now = new Date();
  const catalogue = await parts.catalogue.get();
  const read = createJsonReader(catalogue, now);
  const problems: ProblemItem[] = [];
  const accepted: ReadRegistration<number>[] = [];
  for (const [index, line] of request.lines.entries()) {
    const verdict = read(index + 1, {
      ...line,
      agency: request.agency,
      reference: request.reference,
      confirmation: request.confirmation,
    });
    if (verdict.outcome === 'accepted') accepted.push(verdict.registration);
    else problems.push(...verdict.problems.map((problem) => problemItem(problem, `#/lines/${index}`)));
  }
  const twice = repeatedLine(accepted);
  if (problems.length === 0 && twice !== null) problems.push(twice);
  if (problems.length > 0) throw invalidRegistration(problems);
  const rows = accepted.map((each): RegistrationRow =>
    rowOf(each, receiverOf(catalogue, catalogue.providers.get(each.provider)!, each.lineKey).providerId, null),
  );
  const written = await writeTogether(parts, rows, actorId);
  const lines = written.map(({ n, lineId, registrationId, state, word }): RegisteredLine => {
    const { access, repairs } = accepted[n]!;
    return {
      id: registrationId,
      lineId: parts.vault.opaqueId('line', lineId),
      provider: catalogue.providersById.get(rows[n]!.providerId)!.code,
      access,
      state,
      result: word,
      ...(repairs.length > 0 ? { repairs: repairs.map(repairInWords) } : {}),
    };
  });
  return { agency: catalogue.agenciesById.get(accepted[0]!.agencyId)!.code, reference: accepted[0]!.reference, lines };
}

function repairInWords({ field, code }: Repair): { field: string; code: string; detail: string; detailTh: string } {
  return { field, code, detail: repairTable[code].en, detailTh: repairTable[code].th };
}

/** The same line twice in one request has no order to say which one counts. */
function repeatedLine(accepted: ReadRegistration<number>[]): ProblemItem | null {
  const index = accepted.findIndex((each, n) => accepted.findIndex((other) => other.lineKey === each.lineKey) < n);
  if (index < 0) return null;
  return {
    pointer: `#/lines/${index}/number`,
    field: 'number',
    code: 'LINE_TWICE',
    detail: 'The same line stands in this registration more than once.',
    detailTh: 'มีหมายเลขเดียวกันซ้ำในคำขอนี้',
    remedy: 'Send each line once.',
    remedyTh: 'ส่งหมายเลขละหนึ่งรายการ',
  };
}

export function invalidRegistration(errors: ProblemItem[]): Problem {
  const unique = [...new Map(errors.map((item) => [`${item.pointer}${item.code}`, item])).values()];
  return new Problem(
    422,
    'invalid-registration',
    'The registration cannot be taken',
    'Correct the fields listed under errors and send it again.',
    {
      errors: unique,
      detailTh: 'แก้ไขข้อมูลตามรายการ errors แล้วส่งใหม่',
    },
  );
}
