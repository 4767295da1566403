// Fills the table of agencies from the list that comes with the project. Runs at every start; harmless when up to date.
import type { DataSource } from 'typeorm';
import { HUB_ACTOR_ID, query } from '#platform';
import { loadAgencies, type AgencyRecord } from './reading/index.js';

/** Adds agencies that are missing by code and corrects names that changed in the list. Returns how many rows it wrote. */
export async function seedAgencies(
  source: DataSource,
  agencies: AgencyRecord[] = loadAgencies(),
  actorId = HUB_ACTOR_ID,
): Promise<number> {
  const written = await query(
    source,
    `INSERT INTO agency AS a (code, name_th, name_en, abbr_th, ministry_th, category, actor_id)
     SELECT "code", "nameTh", "nameEn", "abbrTh", "ministryTh", "category", $2
     FROM json_to_recordset($1) AS listed ("code" text, "nameTh" text, "nameEn" text, "abbrTh" text, "ministryTh" text, "category" text)
     ON CONFLICT (code) DO UPDATE SET name_th = excluded.name_th, name_en = excluded.name_en, abbr_th = excluded.abbr_th,
       ministry_th = excluded.ministry_th, category = excluded.category, actor_id = excluded.actor_id
     WHERE (a.name_th, a.name_en, a.abbr_th, a.ministry_th, a.category)
       IS DISTINCT FROM (excluded.name_th, excluded.name_en, excluded.abbr_th, excluded.ministry_th, excluded.category)
     RETURNING 1`,
    [JSON.stringify(agencies), actorId],
  );
  return written.length;
}
