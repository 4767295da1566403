// What the reader gives back for one row: a registration in canonical form, or the reasons why not.
import type { Access, Day, ProviderCode } from '#contracts';
import type { AppCode } from './apps.js';
import type { RowProblem } from './problems.js';
import type { Repair } from './repairs.js';

/** One row, understood. Nothing in it needs another look before it is stored. */
export interface ReadRegistration<AgencyId> {
  agencyId: AgencyId;
  /** The agency's own reference, at most 64 characters. With agency and line it is the key. */
  reference: string;
  /** `M:66812345678` (E.164 without plus) or `F:TOT:1234567890`. */
  lineKey: string;
  access: Access;
  provider: ProviderCode;
  /** Null: the standard package for this kind of line. */
  package: string | null;
  validFrom: Day;
  /** Last valid day, included; null: no end. */
  validTo: Day | null;
  apps: readonly AppCode[];
  /** The same applications as bits of the table `app`. */
  appBits: number;
  /** `confirmed` when moment, person and document of the confirmation are all there; a draft is never sent. */
  state: 'confirmed' | 'draft';
  /** RFC 3339 with offset. */
  confirmedAt: string | null;
  confirmedBy: string | null;
  documentRef: string | null;
  /** The person's name; optional, to be encrypted, never leaves. */
  name: string | null;
  repairs: readonly Repair[];
}

export type RowVerdict<AgencyId> =
  | { outcome: 'accepted'; row: number; registration: ReadRegistration<AgencyId> }
  | { outcome: 'rejected'; row: number; problems: RowProblem[] };
