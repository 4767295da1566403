// Which public body a cell means: by code, Thai name, abbreviation or English name.
import { readFileSync } from 'node:fs';
import Papa from 'papaparse';
import { fold, tidy } from './text.js';

/** One public body of the list in data/agencies.csv. */
export interface AgencyRecord {
  code: string;
  category: string;
  ministryTh: string;
  nameTh: string;
  abbrTh: string | null;
  nameEn: string | null;
}

/** What is looked up; `id` is whatever the caller keeps agencies by. */
export interface Agency<Id> extends Pick<AgencyRecord, 'code' | 'nameTh' | 'abbrTh' | 'nameEn'> {
  id: Id;
  ministryTh: string | null;
}

export type AgencyReading<Id> =
  | { outcome: 'agency'; id: Id }
  /** `known`: the candidates, from our own list. */
  | { outcome: 'ambiguous'; known: string }
  /** `known`: the nearest names, from our own list. */
  | { outcome: 'unknown'; known: string };

/** Answers for the text of an agency cell and, where there is one, of the ministry cell. */
export type AgencyResolver<Id> = (cell: string, ministry: string) => AgencyReading<Id>;

/** Reads the list of public bodies that comes with the project, or another file of the same columns. */
export function loadAgencies(file: string | URL = new URL('../data/agencies.csv', import.meta.url)): AgencyRecord[] {
  const { data } = Papa.parse<Record<string, string>>(readFileSync(file, 'utf8'), {
    header: true,
    skipEmptyLines: true,
  });
  return data.map((row) => ({
    code: row.code ?? '',
    category: row.category ?? '',
    ministryTh: row.ministry_th ?? '',
    nameTh: row.name_th ?? '',
    abbrTh: row.abbr_th || null,
    nameEn: row.name_en || null,
  }));
}

/**
 * A resolver over the given agencies. Names are compared after a Thai-aware fold; a name that several bodies share is
 * told apart by the ministry, else it is ambiguous. For a name that is not known the three nearest are offered.
 */
export function agencyResolver<Id>(agencies: readonly Agency<Id>[]): AgencyResolver<Id> {
  const byName = new Map<string, Agency<Id>[]>();
  const add = (name: string | null, agency: Agency<Id>) => {
    const key = fold(name ?? '');
    if (key === '') return;
    const found = byName.get(key);
    if (!found) byName.set(key, [agency]);
    else if (!found.includes(agency)) found.push(agency);
  };
  for (const agency of agencies) {
    add(agency.code, agency);
    add(agency.nameTh, agency);
    add(agency.abbrTh, agency);
    add(agency.nameEn, agency);
    // "Full name (ABBR)": each part alone, too.
    if (agency.nameEn) for (const part of agency.nameEn.split(/[()]/)) add(part, agency);
  }
  const grams = agencies.map((agency) => ({ agency, grams: gramsOf(fold(agency.nameTh)) }));
  const nearest = (key: string): string => {
    const wanted = gramsOf(key);
    return grams
      .map(({ agency, grams: own }) => ({ agency, score: likeness(wanted, own) }))
      .filter(({ score }) => score > 0.3)
      .toSorted((a, b) => b.score - a.score || (a.agency.code < b.agency.code ? -1 : 1))
      .slice(0, 3)
      .map(({ agency }) => label(agency))
      .join(', ');
  };
  return (cell, ministry) => {
    const text = tidy(cell);
    const key = fold(text);
    // The whole first, then without what stands in brackets, then with the usual short forms written out.
    const bare = text.replace(/\(.*?\)/g, ' ');
    const found = byName.get(key) ?? byName.get(fold(bare)) ?? byName.get(fold(writtenOut(bare)));
    if (!found) return { outcome: 'unknown', known: nearest(key) || '–' };
    const within =
      found.length === 1 ? found : found.filter((agency) => fold(agency.ministryTh ?? '') === fold(ministry));
    const [only, another] = within;
    if (only && !another) return { outcome: 'agency', id: only.id };
    return { outcome: 'ambiguous', known: found.map(label).join(', ') };
  };
}

const SHORT_FORMS: [RegExp, string][] = [
  [/^สนง\.?\s*/, 'สำนักงาน'],
  [/^ม\.\s*/, 'มหาวิทยาลัย'],
  [/^จ\.\s*/, 'จังหวัด'],
];

function writtenOut(text: string): string {
  return SHORT_FORMS.reduce((name, [short, long]) => name.replace(short, long), text);
}

function label(agency: Pick<AgencyRecord, 'code' | 'nameTh'>): string {
  return `${agency.nameTh} (${agency.code})`;
}

function gramsOf(text: string): Set<string> {
  const grams = new Set<string>();
  for (let index = 0; index + 3 <= text.length; index++) grams.add(text.slice(index, index + 3));
  return grams;
}

/** Dice's coefficient of shared three-letter pieces, 0 to 1. */
function likeness(a: Set<string>, b: Set<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const gram of a) if (b.has(gram)) shared++;
  return (2 * shared) / (a.size + b.size);
}
