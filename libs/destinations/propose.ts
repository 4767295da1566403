// Proposing: chosen sets are curated into a draft that somebody else can approve. What was denied stays visible.
import { readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { Problem, type Destination, type DestinationVendor, type Tx } from '#contracts';
import { inTransaction } from '#platform';
import { curate, type Curated } from './curate.js';
import { findSource, newestSource } from './import-source.js';
import { contentHash } from './list.js';
import { readPolicy } from './policy.js';
import { recordAct } from './record-act.js';

/** Sets of one imported list that make up an app's destinations. */
export interface Selection {
  app: string;
  sourceId: number;
  sets: string[];
}

interface RecipePart {
  app: string;
  vendor: DestinationVendor;
  format?: string;
  sets: string[];
}

const RECIPE = JSON.parse(readFileSync(new URL('./data/recipe.json', import.meta.url), 'utf8')) as RecipePart[];

/** The usual sets of the newest list of every vendor that has one. */
export async function usualSelections(source: DataSource): Promise<Selection[]> {
  const found: Selection[] = [];
  for (const { app, vendor, format, sets } of RECIPE) {
    const sourceId = await newestSource(source, vendor, format);
    if (sourceId === null) continue;
    const known = new Set((await findSource(source, sourceId)).sets.map((set) => set.set));
    // A vendor drops sets; what is gone shows in the diff.
    found.push({ app, sourceId, sets: sets.filter((set) => known.has(set)) });
  }
  return found;
}

export interface Proposal {
  /** Absent: the usual ones. */
  selections?: Selection[];
  /** When it is to take effect; null: as soon as it is published. */
  effectiveAt: Date | null;
  reason: string;
}

/** Curates without writing. Throws Problem 422 when a set is unknown or the list may not be proposed. */
export async function curateSelections(
  source: DataSource,
  wanted: Selection[] | undefined,
): Promise<Curated & { selections: Selection[] }> {
  const selections = wanted ?? (await usualSelections(source));
  if (selections.length === 0) {
    throw new Problem(
      422,
      'nothing-chosen',
      'Nothing is chosen',
      'Import a list first, or name selections: {app, sourceId, sets}.',
    );
  }
  const chosen = await Promise.all(
    selections.map(async ({ app, sourceId, sets }) => {
      const { vendor, version, sets: known } = await findSource(source, sourceId);
      const unknown = sets.filter((set) => !known.some((one) => one.set === set));
      if (unknown.length > 0) {
        throw new Problem(
          422,
          'unknown-set',
          'Unknown set',
          `${vendor} ${version} has no set ${unknown.slice(0, 5).join(', ')}; GET /v1/destinations/sources/${sourceId} lists them.`,
        );
      }
      return { app, vendor, version, sets: known.filter((one) => sets.includes(one.set)) };
    }),
  );
  const curated = curate(chosen, await readPolicy(source));
  if (curated.faults.length > 0) {
    throw new Problem(
      422,
      'list-not-allowed',
      'This list may not be proposed',
      `Nothing was written: ${curated.faults[0]}.`,
      {
        errors: curated.faults.map((detail) => ({ code: 'listNotAllowed', detail })),
      },
    );
  }
  return { ...curated, selections };
}

/** Writes a draft, or a new content of one (an approval of the old content falls). Returns its id. */
export async function propose(
  source: DataSource,
  { selections: wanted, effectiveAt, reason }: Proposal,
  actorId: number,
  revises: number | null = null,
): Promise<number> {
  const curated = await curateSelections(source, wanted);
  const content = { ...curated, effectiveAt, rollbackOf: null };
  return inTransaction(source, (tx) =>
    revises === null ? insertDraft(tx, content, actorId, reason) : reviseDraft(tx, revises, content, actorId, reason),
  );
}

export interface DraftContent {
  selections: Selection[];
  entries: Destination[];
  denied: Curated['denied'];
  collapsed: number;
  effectiveAt: Date | null;
  rollbackOf: number | null;
}

const values = (content: DraftContent): unknown[] => [
  JSON.stringify(content.selections),
  JSON.stringify(content.entries),
  JSON.stringify(content.denied),
  content.collapsed,
  content.effectiveAt,
  contentHash(content.entries, content.effectiveAt),
];

export async function insertDraft(tx: Tx, content: DraftContent, actorId: number, reason: string): Promise<number> {
  const [row] = await tx.query<{ draft_id: number }>(
    `INSERT INTO destination_draft (state, selections, entries, denied, collapsed, effective_at, content_sha256, rollback_of, reason, proposed_by)
     VALUES ('proposed', $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING draft_id`,
    [...values(content), content.rollbackOf, reason, actorId],
  );
  const draftId = row?.draft_id ?? 0;
  await recordAct(tx, {
    actorId,
    act: content.rollbackOf === null ? 'destinations.propose' : 'destinations.rollback',
    subject: `destinations:draft:${draftId}`,
    reason,
    detail: { destinations: content.entries.length, denied: content.denied.length, rollbackOf: content.rollbackOf },
  });
  return draftId;
}

/** Who revises a draft proposes it: the approver must be somebody else than the last who touched it. */
async function reviseDraft(
  tx: Tx,
  draftId: number,
  content: DraftContent,
  actorId: number,
  reason: string,
): Promise<number> {
  const rows = await tx.query(
    `UPDATE destination_draft SET state = 'proposed', selections = $1, entries = $2, denied = $3, collapsed = $4, effective_at = $5,
       content_sha256 = $6, reason = $7, proposed_by = $8, proposed_at = now(), approved_sha256 = NULL, approved_by = NULL, approved_at = NULL
     WHERE draft_id = $9 AND state IN ('proposed', 'approved') RETURNING 1`,
    [...values(content), reason, actorId, draftId],
  );
  if (rows.length === 0) {
    throw new Problem(
      409,
      'draft-closed',
      'The draft cannot be changed',
      'It is unknown, published or withdrawn; propose a new one.',
    );
  }
  await recordAct(tx, { actorId, act: 'destinations.revise', subject: `destinations:draft:${draftId}`, reason });
  return draftId;
}
