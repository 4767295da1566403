// Importing: a vendor's list becomes a source snapshot, with the hash of its file. A bad file changes nothing.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Problem, type DestinationVendor } from '#contracts';
import { inTransaction, query } from '#platform';
import { readSource, type SourceQuestion } from './reading/read-source.js';
import { SourceNotUsable, type ReadSource, type SourceFormat, type SourceSet } from './reading/source.js';
import { recordAct } from './record-act.js';

export interface ImportedSource {
  sourceId: number;
  vendor: DestinationVendor;
  format: SourceFormat;
  version: string;
  fileSha256: string;
  setCount: number;
  valueCount: number;
  notes: string[];
  importedAt: Date;
  importedBy: string;
}

const COLUMNS = `s.source_id AS "sourceId", s.vendor, s.format, s.version, encode(s.file_sha256, 'hex') AS "fileSha256",
  s.set_count AS "setCount", s.value_count AS "valueCount", s.notes, s.created_at AS "importedAt", a.name AS "importedBy"`;

/**
 * Imports a file. The same file again gives the snapshot that is there; the same version with other content is refused,
 * since a vendor's version never changes. @param baseId the list that changes are applied to; absent: the newest.
 * Throws Problem 422 or 409.
 */
export async function importSource(
  source: DataSource,
  bytes: Buffer,
  question: SourceQuestion & { baseId?: number },
  actorId: number,
  reason: string,
): Promise<{ result: 'imported' | 'was imported'; source: ImportedSource }> {
  const read = await usable(source, bytes, question);
  const hash = createHash('sha256').update(bytes).digest();
  return inTransaction(source, async (tx) => {
    const values = read.sets.reduce((sum, set) => sum + set.cidrs.length + set.domains.length, 0);
    const [made] = await tx.query<{ source_id: number }>(
      `INSERT INTO destination_source (vendor, format, version, file_sha256, file_size, sets, set_count, value_count, notes, actor_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (vendor, format, version) DO NOTHING RETURNING source_id`,
      [
        read.vendor,
        read.format,
        read.version,
        hash,
        bytes.length,
        JSON.stringify(read.sets),
        read.sets.length,
        values,
        read.notes,
        actorId,
      ],
    );
    const [row] = await tx.query<ImportedSource & { sets: SourceSet[] }>(
      `SELECT ${COLUMNS}, s.sets FROM destination_source s JOIN actor a USING (actor_id) WHERE vendor = $1 AND format = $2 AND version = $3`,
      [read.vendor, read.format, read.version],
    );
    if (!row) throw new Error('the snapshot that was just written is not there');
    const { sets, ...imported } = row;
    if (!made) {
      // A list that came once whole and once by changes is the same list, whatever its file.
      if (imported.fileSha256 !== hash.toString('hex') && valuesText(sets) !== valuesText(read.sets))
        throw otherContent(imported);
      return { result: 'was imported', source: imported };
    }
    await recordAct(tx, {
      actorId,
      act: 'destinations.import',
      subject: `destinations:source:${imported.sourceId}`,
      reason,
      detail: { vendor: read.vendor, version: read.version, sha256: imported.fileSha256 },
    });
    return { result: 'imported', source: imported };
  });
}

function otherContent(known: ImportedSource): Problem {
  return new Problem(
    409,
    'version-with-other-content',
    'This version is known with other content',
    `Version ${known.version} of ${known.vendor} was imported on ${known.importedAt.toISOString().slice(0, 10)} from another file. A vendor's version never changes; check where the file comes from, or give it another version.`,
  );
}

function valuesText(sets: readonly SourceSet[]): string {
  const lines = sets.map((set) =>
    [
      set.set,
      ...set.cidrs.toSorted(),
      ...set.domains.toSorted(),
      JSON.stringify(set.flows.map((flow) => [flow.proto, flow.ports])),
    ].join('|'),
  );
  return lines.sort().join('\n');
}

async function usable(
  source: DataSource,
  bytes: Buffer,
  question: SourceQuestion & { baseId?: number },
): Promise<ReadSource> {
  try {
    return readSource(bytes, question, await baseOf(source, question.baseId));
  } catch (error) {
    if (!(error instanceof SourceNotUsable)) throw error;
    throw new Problem(
      422,
      'source-not-usable',
      'The list cannot be used',
      `Nothing was imported: ${error.problems[0] ?? ''}.`,
      {
        errors: error.problems.map((detail) => ({ code: 'notUsable', detail })),
        detailTh: 'ยังไม่มีการนำเข้า กรุณาแก้ไขไฟล์ตามรายการแล้วส่งใหม่',
      },
    );
  }
}

async function baseOf(source: DataSource, baseId: number | undefined): Promise<ReadSource | null> {
  const [row] = await query<ReadSource>(
    source,
    `SELECT vendor, format, version, sets, notes FROM destination_source
     WHERE format = 'microsoft-endpoints' AND ($1::int IS NULL OR source_id = $1) ORDER BY version DESC LIMIT 1`,
    [baseId ?? null],
  );
  return row ?? null;
}

/** Newest first. */
export function listSources(source: DataSource, limit: number): Promise<ImportedSource[]> {
  return query<ImportedSource>(
    source,
    `SELECT ${COLUMNS} FROM destination_source s JOIN actor a USING (actor_id) ORDER BY s.source_id DESC LIMIT $1`,
    [limit],
  );
}

/** One snapshot with its sets as the vendor wrote them. Throws Problem 404. */
export async function findSource(
  source: DataSource,
  sourceId: number,
): Promise<ImportedSource & { sets: SourceSet[] }> {
  const [row] = await query<ImportedSource & { sets: SourceSet[] }>(
    source,
    `SELECT ${COLUMNS}, s.sets FROM destination_source s JOIN actor a USING (actor_id) WHERE s.source_id = $1`,
    [sourceId],
  );
  if (!row)
    throw new Problem(
      404,
      'unknown-source',
      'Unknown source',
      'No imported list has this id; GET /v1/destinations/sources lists them.',
    );
  return row;
}

/** The newest snapshot of a vendor (and format), by the vendor's own version. */
export async function newestSource(
  source: DataSource,
  vendor: DestinationVendor,
  format: string | undefined,
): Promise<number | null> {
  const [row] = await query<{ id: number }>(
    source,
    `SELECT source_id AS id FROM destination_source
     WHERE vendor = $1 AND ($2::text IS NULL OR format = $2) AND format NOT IN ('google-ranges', 'v2fly')
     ORDER BY version DESC, source_id DESC LIMIT 1`,
    [vendor, format ?? null],
  );
  return row?.id ?? null;
}
