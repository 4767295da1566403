// The four applications of the scheme by the names people write for them.
import { fold } from './text.js';

/** Codes and their bits as the table `app` holds them. */
export const APPS = [
  {
    code: 'webex',
    bit: 0,
    name: 'Cisco Webex',
    otherNames: ['webex', 'cisco', 'webex meetings', 'webex teams', 'เว็บเอ็กซ์', 'เวบเอ็กซ์', 'ซิสโก้ เว็บเอ็กซ์', 'ซิสโก้'],
  },
  {
    code: 'teams',
    bit: 1,
    name: 'Microsoft Teams',
    otherNames: [
      'teams',
      'ms teams',
      'msteams',
      'microsoft',
      'ทีมส์',
      'ไมโครซอฟท์ ทีมส์',
      'ไมโครซอฟต์ ทีมส์',
      'ไมโครซอฟท์',
      'microsoft-teams',
    ],
  },
  {
    code: 'meet',
    bit: 2,
    name: 'Google Meet',
    otherNames: [
      'meet',
      'hangouts',
      'hangouts meet',
      'google hangouts',
      'google hangouts meet',
      'กูเกิลมีท',
      'กูเกิ้ลมีท',
      'กูเกิล มีต',
      'google',
      'google-meet',
    ],
  },
  { code: 'line', bit: 3, name: 'LINE', otherNames: ['ไลน์', 'line meeting', 'line app', 'line official', 'ไลน์แอป'] },
] as const;

export type AppCode = (typeof APPS)[number]['code'];

export const KNOWN_APPS = APPS.map((app) => app.name).join(', ');

export type AppsReading = { outcome: 'apps'; apps: readonly AppCode[]; bits: number } | { outcome: 'unknown' };

const byName = new Map<string, number>();
for (const app of APPS) for (const name of [app.code, app.name, ...app.otherNames]) byName.set(fold(name), app.bit);
const ALL = ['ทั้งหมด', 'ทุกแอป', 'ทุกโปรแกรม', 'all'].map(fold);
const NONE = new Set(['', '-', '–', 'ไม่มี', 'none', 'n/a']);

/** Reads a list of applications: separated by comma, semicolon, slash, bar, plus, a new line, or the words for "and". */
export function readApps(cell: string): AppsReading {
  let bits = 0;
  const text = cell.trim();
  if (!NONE.has(text.toLowerCase())) {
    for (const part of text.split(/[,;/|+\n、]|\s+(?:และ|and)\s+|และ/u)) {
      const name = fold(part);
      if (name === '') continue;
      if (ALL.includes(name)) {
        bits = (1 << APPS.length) - 1;
        continue;
      }
      const bit = byName.get(name);
      if (bit === undefined) return { outcome: 'unknown' };
      bits |= 1 << bit;
    }
  }
  return { outcome: 'apps', apps: appsOf(bits), bits };
}

const byBits = Array.from({ length: 1 << APPS.length }, (_, bits) =>
  Object.freeze(APPS.filter((app) => bits & (1 << app.bit)).map((app) => app.code)),
);

/** The codes of a set of bits, as one shared frozen list. */
export function appsOf(bits: number): readonly AppCode[] {
  return byBits[bits] ?? [];
}
