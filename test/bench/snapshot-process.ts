// One comparison by whole list in a process of its own, so that its memory is only its own; prints its figures as JSON.
import { parseArgs } from 'node:util';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint } from '#adapters';
import { observationOf } from '#contracts';
import { dataSource } from '#platform';
import { compareSnapshot } from '../../libs/reconciliation/snapshot/compare-snapshot.js';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    target: { type: 'string' },
    provider: { type: 'string' },
    run: { type: 'string' },
    secret: { type: 'string' },
  },
});
const { database = '', target = '', provider = '1', run = '1', secret = '' } = values;
const reference = referenceProfile('AIS');
if (!reference) throw new Error('there is no reference profile of AIS');
const adapter = makeAdapter(withEndpoint(reference, { target }), {
  secrets: { secret: () => `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
  allowedNetworks: LOOPBACK_NETWORKS,
});
const form = observationOf(reference).snapshot;
if (!adapter.snapshots || !form) throw new Error('the reference profile of AIS offers no whole list');
const source = await dataSource(database, 4).initialize();
const before = process.cpuUsage();
const began = performance.now();
const compared = await compareSnapshot(
  { source, observer: adapter.snapshots, form, secret: Buffer.from(secret, 'hex') },
  { runId: Number(run), providerId: Number(provider), code: 'AIS' },
  new AbortController().signal,
);
const ms = performance.now() - began;
const found = compared.result === 'compared' ? compared.candidates.length : compared.detail;
const { bytes, roundTrips } = compared;
const { user, system } = process.cpuUsage(before);
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ ms, cpuMs: (user + system) / 1000, found, bytes, roundTrips, peakBytes }));
await adapter.close();
await source.destroy();
