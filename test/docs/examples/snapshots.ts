// The examples of docs/providers/snapshots.md, read as the hub reads them.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { ProviderProfile, SnapshotHead, SnapshotLine } from '#contracts';
import { referenceProfile, validateProfile, withEndpoint } from '#adapters';
import { InventorySnapshot } from '../../../libs/adapters/observing/inventory-snapshot.js';
import { readSnapshotStream } from '../../../libs/adapters/observing/read-stream.js';
import { requestFile } from '../../../libs/adapters/observing/snapshot-files.js';
import { hdtSnapshot, ndjson, type SnapshotText } from '../../../libs/adapters/observing/snapshot-text.js';
import type { WebhookClient } from '../../../libs/adapters/transports/webhook.js';

function profileOf(code: string): ProviderProfile {
  const profile = referenceProfile(code);
  assert.ok(profile);
  return profile;
}

function reading(): {
  head: SnapshotHead | null;
  lines: SnapshotLine[];
  reader: Parameters<typeof readSnapshotStream>[3];
} {
  const seen: ReturnType<typeof reading> = {
    head: null,
    lines: [],
    reader: {
      begin: (head) => {
        seen.head = head;
        return Promise.resolve(null);
      },
      take: (lines) => {
        seen.lines.push(...lines);
        return Promise.resolve();
      },
    },
  };
  return seen;
}

async function read(text: string, form: SnapshotText, code: string): Promise<void> {
  const seen = reading();
  const bytes = Readable.from([Buffer.from(`${text.trimEnd()}\n`)]);
  await readSnapshotStream(bytes, { text: form, charset: 'utf-8', most: 65_536 }, profileOf(code), seen.reader);
  assert.equal(seen.head?.provider, code);
  assert.deepEqual([seen.head.batch, seen.head.appliedSeq, seen.head.request], [17, 41_000, '31']);
  assert.deepEqual(
    seen.lines.map(({ access, to }) => [access, to]),
    [
      ['MB', '2020-07-10'],
      ['FB', null],
    ],
  );
}

export const EXAMPLES: Record<string, (text: string) => void | Promise<void>> = {
  'snapshot-request': (text) => {
    const { name, bytes } = requestFile(profileOf('CAT'), 31, new Date('2020-04-12T17:29:58Z'));
    assert.equal(name, 'TWAH_SRQ_ONDE_CAT_20200413_000031.csv');
    assert.equal(`${text.trimEnd()}\n`, bytes.toString());
  },
  'snapshot-file': (text) => read(text, hdtSnapshot(7), 'CAT'),
  'snapshot-stream': (text) => read(text, ndjson, 'AIS'),
  'snapshot-services': async (text) => {
    const headers = { 'x-total-count': '1', 'x-applied-order': 'SAPHAN-DTAC-000000042' };
    const answered = { end: 'answered', status: 200, headers, body: Buffer.from(text) } as const;
    const client = { send: () => Promise.resolve(answered) } as unknown as WebhookClient;
    const profile = profileOf('DTAC');
    assert.ok(profile.observe?.snapshot);
    const seen = reading();
    const pages = new InventorySnapshot(profile, profile.observe.snapshot, client);
    const result = await pages.read('31', seen.reader, new AbortController().signal);
    assert.equal(result.read, 'whole');
    assert.deepEqual([seen.head?.batch, seen.head?.count, seen.lines.length], [42, 1, 1]);
  },
  'snapshot-profile': (text) => {
    const hostKeys = [`SHA256:${'A'.repeat(43)}`];
    const profile = withEndpoint(profileOf('CAT'), { hostKeys });
    validateProfile({ ...profile, observe: JSON.parse(text) as unknown });
    assert.deepEqual(JSON.parse(text), profile.observe);
  },
};
