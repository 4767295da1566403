// One registration of one line as the writing path takes it: checked, in canonical form, with ids instead of names.
import type { Access, Day } from '#contracts';
import type { ReadRegistration } from './reading/index.js';

/** A registration's states. Only `confirmed` is ever derived; the others keep what was asked and why it does not count. */
export const REGISTRATION_STATES = ['draft', 'confirmed', 'cancelled', 'withdrawn'] as const;
export type RegistrationState = (typeof REGISTRATION_STATES)[number];

/** The evidence without which a registration is a draft. */
export interface Confirmation {
  /** ISO 8601 with offset. */
  at: string;
  by: string;
  /** The agency's document. */
  document: string;
}

export interface RegistrationRow {
  agencyId: number;
  /** The agency's own reference, at most 64 characters. */
  reference: string;
  /** `M:66…` (E.164 without plus) or `F:<provider code>:<circuit>`. */
  lineKey: string;
  providerId: number;
  package: string;
  validFrom: Day;
  validTo: Day | null;
  /** Bits of the table `app`. */
  apps: number;
  /** Null makes it a draft. */
  confirmation: Confirmation | null;
  /** In clear; encrypted before it reaches the database. Null leaves a stored name as it is. */
  name: string | null;
  /** Row of the file as the person counts, null outside imports. */
  rowNo: number | null;
  /** Written only if the registration is still at this revision; null writes whatever is there. */
  onlyRevision: number | null;
}

/** What writing did with a row. `same`: nothing was written, because nothing differs. */
export type WriteWord = 'created' | 'amended' | 'same';

/** The package of a registration that names none, by kind of line. */
export const STANDARD_PACKAGES: Record<Access, string> = { MB: 'WAH-MB', FB: 'WAH-FB' };

/** What the reader made of a row, with ids. */
export function rowOf(read: ReadRegistration<number>, providerId: number, rowNo: number | null): RegistrationRow {
  const { confirmedAt, confirmedBy, documentRef } = read;
  return {
    agencyId: read.agencyId,
    reference: read.reference,
    lineKey: read.lineKey,
    providerId,
    package: read.package ?? STANDARD_PACKAGES[read.access],
    validFrom: read.validFrom,
    validTo: read.validTo,
    apps: read.appBits,
    confirmation:
      confirmedAt !== null && confirmedBy !== null && documentRef !== null
        ? { at: confirmedAt, by: confirmedBy, document: documentRef }
        : null,
    name: read.name,
    rowNo,
    onlyRevision: null,
  };
}
