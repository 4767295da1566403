// Comparing a provider's list with ours by digests: equal, and with 1, 100 and 10,000 differences, over HTTP.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint } from '#adapters';
import { migrate, dataSource, HUB_ACTOR_ID, inTransaction, query, saveProvider } from '#platform';
import { compare } from '../../libs/reconciliation/compare.js';
import { foldHeld } from '../../libs/reconciliation/held.js';
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { withServer } from './system.js';

const DIFFERENCES = [0, 1, 100, 10_000] as const;
const SECRET = Buffer.alloc(32, 5);
const BATCH = 50_000;
const NODES = 256;
const LEAF_BYTES = 20;

export interface ReconcileFigures {
  entries: number;
  /** Milliseconds to hash everything for the first time; later only what changed is hashed. */
  firstMs: number;
  runs: { differences: number; found: number; ms: number; bytes: number; roundTrips: number }[];
  /** Largest resident memory of this process, which compares and plays the provider; and what the provider's part of it is. */
  peakBytes: number;
  theirBytes: number;
}

/** A list that was sent and acknowledged long ago, made set-wise. */
export async function fill(server: EmbeddedPostgres, name: string, entries: number) {
  await withServer(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = server.url(name);
  await migrate(url);
  const source = await dataSource(url, 4).initialize();
  const reference = referenceProfile('AIS');
  if (!reference) throw new Error('there is no reference profile of AIS');
  const providerId = await saveProvider(
    source,
    withEndpoint(reference, { target: 'http://127.0.0.1:9' }),
    HUB_ACTOR_ID,
  );
  await inTransaction(source, async (tx) => {
    await tx.query(
      `INSERT INTO line (line_key) SELECT 'M:66' || (600000000 + n) FROM generate_series(1, $1::int) n ORDER BY n`,
      [entries],
    );
    await tx.query(
      `INSERT INTO entry (provider_id, line_id, present, package, valid_from, revision, last_seq)
       SELECT $1, line_id, true, 'WFH-MB-FREE', '2020-03-19', 1, row_number() OVER (ORDER BY line_id) FROM line`,
      [providerId],
    );
    await tx.query(
      `INSERT INTO change (provider_id, seq, prev_seq, entry_ref, line_id, present, package, valid_from, cause, actor_id)
       SELECT provider_id, last_seq, 0, entry_ref, line_id, present, package, valid_from, 'registered', $2 FROM entry WHERE provider_id = $1`,
      [providerId, HUB_ACTOR_ID],
    );
    await tx.query(
      `INSERT INTO batch (provider_id, number, kind, from_seq, to_seq, line_count, state, sha256, byte_size, sealed_at, handed_at, accepted_at, ended_at, said, heard, n_applied)
       SELECT $1, n, 'delta', (n - 1) * $3::bigint + 1, least(n * $3::bigint, $2::bigint), least($3::bigint, $2::bigint - (n - 1) * $3::bigint)::int, 'settled', '', 0,
         now(), now(), now(), now(), 'applied', least($3::bigint, $2::bigint - (n - 1) * $3::bigint)::int, least($3::bigint, $2::bigint - (n - 1) * $3::bigint)::int
       FROM generate_series(1, ceil($2::numeric / $3::numeric)::int) n`,
      [providerId, entries, BATCH],
    );
    await tx.query('UPDATE provider_counter SET last_seq = $2 WHERE provider_id = $1', [providerId, entries]);
    await tx.query(
      'UPDATE provider_stream SET sealed_seq = $2::bigint, next_number = ceil($2::numeric / $3::numeric)::bigint + 1 WHERE provider_id = $1',
      [providerId, entries, BATCH],
    );
  });
  await query(source, 'ANALYZE');
  return { source, providerId, profile: reference };
}

/** A provider that keeps its leaves, so that a question costs what it is about. */
class Provider {
  private leaves = Buffer.alloc(65_536 * LEAF_BYTES);
  private items = new Map<number, Map<string, Buffer>>();
  count = 0;

  constructor(private readonly appliedSeq: number) {}

  hold(leaf: number, ref: string, item: Buffer): void {
    const own = this.items.get(leaf) ?? new Map<string, Buffer>();
    this.items.set(leaf, own.set(ref, item));
    this.count += 1;
    this.turn(leaf, item, 1);
  }

  /** One of its entries has other content. */
  spoil(leaf: number, ref: string): void {
    const own = this.items.get(leaf);
    const item = own?.get(ref);
    if (!own || !item) throw new Error('it does not hold that');
    this.turn(leaf, item, -1);
    const other = createHash('sha256').update(item).digest().subarray(0, 16);
    own.set(ref, other);
    this.turn(leaf, other, 1);
  }

  answer(path: string, body: string): object {
    const head = { provider: 'AIS', appliedSeq: this.appliedSeq };
    const below = (node: number): Buffer =>
      this.leaves.subarray(node * NODES * LEAF_BYTES, (node + 1) * NODES * LEAF_BYTES);
    if (path.endsWith('/digest')) {
      const nodes = Array.from({ length: NODES }, (_, node) =>
        createHash('sha256').update(below(node)).digest().subarray(0, 16),
      );
      return { ...head, count: this.count, nodes: Buffer.concat(nodes).toString('base64') };
    }
    const asked = JSON.parse(body) as { nodes: number[]; leaves: number[] };
    if (path.endsWith('/leaves'))
      return { ...head, leaves: Object.fromEntries(asked.nodes.map((node) => [node, below(node).toString('base64')])) };
    const items = asked.leaves.flatMap((leaf) =>
      [...(this.items.get(leaf) ?? [])].map(([ref, item]) => ({ leaf, ref, item: item.toString('hex') })),
    );
    return { ...head, items };
  }

  private turn(leaf: number, item: Buffer, by: 1 | -1): void {
    const at = leaf * LEAF_BYTES;
    this.leaves.writeUInt32BE(this.leaves.readUInt32BE(at) + by, at);
    for (let i = 0; i < 16; i++) this.leaves[at + 4 + i] = (this.leaves[at + 4 + i] ?? 0) ^ (item[i] ?? 0);
  }
}

export async function measureReconcile(server: EmbeddedPostgres, entries: number): Promise<ReconcileFigures> {
  const { source, providerId, profile } = await fill(server, 'reconcile', entries);
  const theirs = new Provider(entries);
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = JSON.stringify(theirs.answer(request.url ?? '', Buffer.concat(chunks).toString('utf8')));
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const secret = `whsec_${SECRET.toString('base64')}`;
  const adapter = makeAdapter(withEndpoint(profile, { target }), {
    secrets: { secret: () => secret },
    allowedNetworks: LOOPBACK_NETWORKS,
  });
  try {
    const { observer } = adapter;
    if (!observer) throw new Error('the profile of AIS offers no digests');
    const { signal } = new AbortController();
    const once = async () => {
      const began = performance.now();
      const seen = await compare(source, providerId, observer, SECRET, signal);
      const found = seen.result === 'compared' ? seen.candidates.length : -1;
      return { found, ms: performance.now() - began, bytes: seen.bytes, roundTrips: seen.roundTrips };
    };
    const began = performance.now();
    await foldHeld(source, providerId, SECRET, Number.MAX_SAFE_INTEGER);
    const firstMs = performance.now() - began;
    const before = process.memoryUsage().rss;
    const refs: { leaf: number; ref: string }[] = [];
    for (let from = 0; from < entries; from += 100_000) {
      const rows = await query<{ leaf: number; ref: string; item: Buffer }>(
        source,
        `SELECT h.leaf, e.entry_ref AS ref, int8send(h.item_high) || int8send(h.item_low) AS item FROM held h JOIN entry e USING (provider_id, line_id)
         WHERE h.provider_id = $1 AND e.last_seq > $2 AND e.last_seq <= $3`,
        [providerId, from, from + 100_000],
      );
      for (const { leaf, ref, item } of rows) {
        theirs.hold(leaf, ref, item);
        if (refs.length < DIFFERENCES[3]) refs.push({ leaf, ref });
      }
    }
    const theirBytes = process.memoryUsage().rss - before;
    const runs: ReconcileFigures['runs'] = [];
    let spoilt = 0;
    await once();
    for (const differences of DIFFERENCES) {
      for (const { leaf, ref } of refs.slice(spoilt, differences)) theirs.spoil(leaf, ref);
      spoilt = differences;
      runs.push({ differences, ...(await once()) });
    }
    return { entries, firstMs, runs, peakBytes: process.resourceUsage().maxRSS * 1024, theirBytes };
  } finally {
    await adapter.close();
    http.closeAllConnections();
    http.close();
    await source.destroy();
  }
}
