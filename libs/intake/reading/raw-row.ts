// One row as it stands in the file, before anything is understood.

/**
 * Why a row's cells cannot be trusted as they are. `damagedText`: a cell holds characters that are damage;
 * `brokenQuotes`: its quotation marks do not match.
 */
export type RowFlaw = 'damagedText' | 'brokenQuotes';

export interface RawRow {
  /** Row number as a spreadsheet shows it, from 1; empty rows count. */
  row: number;
  cells: string[];
  flaw: RowFlaw | null;
}
