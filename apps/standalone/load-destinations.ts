// The first destination list of a first start: imported from the sample, proposed by one demo actor, approved by another.
import { readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { approve, findDraft, importSource, listStandings, listVersions, propose, publish } from '#destinations';
import { query } from '#platform';

const SAMPLE = new URL('../../libs/destinations/data/sample/', import.meta.url);

/** The vendors' lists as they were when the scheme was announced, or the nearest that is kept. */
const LISTS = [
  { file: 'worldwide-2020022800.derived.json', version: '2020022800' },
  { file: 'meet-network-requirements.json', version: '2020-03-18' },
  { file: 'webex-2026-03-16.json', version: '2026-03-16' },
  { file: 'line-ranges-community-2025-06.json', version: '2025-06-06' },
];
/** A start does not wait longer than this, in milliseconds; delivery goes on anyway. */
const PATIENCE_MS = 20_000;

/** Publishes the sample list unless there is a version already. */
export async function publishFirstList(source: DataSource): Promise<void> {
  const [known] = await listVersions(source, 1);
  if (!known) await publishSample(source);
}

/** Waits until every provider that takes lists enforces the newest, and says it in one line. */
export async function destinationsLine(source: DataSource): Promise<string> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const [version] = await listVersions(source, 1);
    const takers = (await listStandings(source)).filter((one) => one.form !== null);
    const done = takers.filter((one) => one.acknowledged === version?.version);
    if (done.length === takers.length || version?.state === 'scheduled' || Date.now() > end)
      return `  Destination list    ${version?.version}, ${version?.destinations} networks and names, enforced by ${done.length} of ${takers.length} providers`;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

async function publishSample(source: DataSource): Promise<void> {
  const [proposer, approver] = [await demoActor(source, 'demo:proposer'), await demoActor(source, 'demo:approver')];
  const reason = 'the sample of a first start';
  for (const { file, version } of LISTS)
    await importSource(source, readFileSync(new URL(file, SAMPLE)), { version }, proposer, reason);
  const draftId = await propose(source, { effectiveAt: null, reason }, proposer);
  const { contentSha256 } = await findDraft(source, draftId);
  await approve(source, draftId, contentSha256, approver, reason);
  await publish(source, draftId, proposer, reason, new Date());
}

async function demoActor(source: DataSource, name: string): Promise<number> {
  const [row] = await query<{ actor_id: number }>(
    source,
    'INSERT INTO actor (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING actor_id',
    [name],
  );
  return row?.actor_id ?? 0;
}
