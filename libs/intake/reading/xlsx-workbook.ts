// A workbook's table of contents: its sheets, its day numbers, its shared texts.
import path from 'node:path';
import { SharedStrings } from './xlsx-strings.js';
import { WorkbookPackage } from './xlsx-package.js';
import type { PackageLimits } from './xlsx-package.js';

/** Day numbers count from 1900 (Windows) or 1904 (old Macs). */
export type DateSystem = '1900' | '1904';

export interface Sheet {
  name: string;
  part: string;
}

export interface Workbook {
  pack: WorkbookPackage;
  /** Visible worksheets in the order of their tabs. */
  sheets: Sheet[];
  dateSystem: DateSystem;
  strings: SharedStrings;
}

/** Opens a workbook and reads everything but its rows. Errors as WorkbookPackage.open. */
export async function openWorkbook(file: string, limits?: PackageLimits): Promise<Workbook> {
  const pack = await WorkbookPackage.open(file, limits);
  try {
    const targets = new Map<string, { type: string; part: string }>();
    await pack.parseAll('xl/_rels/workbook.xml.rels', {
      open: (name, attributes) => {
        if (name !== 'Relationship') return;
        const { Id = '', Type = '', Target = '' } = attributes();
        const part = Target.startsWith('/') ? Target.slice(1) : path.posix.join('xl', Target);
        targets.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), part });
      },
    });
    const sheets: Sheet[] = [];
    let dateSystem: DateSystem = '1900';
    await pack.parseAll('xl/workbook.xml', {
      open: (name, attributes) => {
        if (name === 'workbookPr' && /^(1|true)$/.test(attributes().date1904 ?? '')) dateSystem = '1904';
        if (name !== 'sheet') return;
        const found = attributes();
        const id = Object.entries(found).find(([key]) => key.endsWith(':id'))?.[1];
        const target = targets.get(id ?? '');
        const visible = found.state === undefined || found.state === 'visible';
        if (target?.type === 'worksheet' && visible) sheets.push({ name: found.name ?? '', part: target.part });
      },
    });
    const stringsPart = [...targets.values()].find((target) => target.type === 'sharedStrings')?.part;
    const strings = new SharedStrings();
    if (stringsPart && pack.has(stringsPart)) await strings.load(pack, stringsPart);
    return { pack, sheets, dateSystem, strings };
  } catch (error) {
    pack.close();
    throw error;
  }
}
