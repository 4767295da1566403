// The examples of docs/providers/destinations.md: one small version, in every form.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import type { Destination, DestinationFlow, DestinationVersion } from '#contracts';
import { listHash } from '#destinations';
import { listCsv } from '../../../libs/adapters/destinations/documents.js';
import { destinationsDocument, renderDestinationsEvent } from '../../../libs/adapters/destinations/render-event.js';
import { readDestinationsReceipt, renderDestinationsFile } from '../../../libs/adapters/destinations/render-file.js';
import { applicationsOf } from '../../../libs/adapters/destinations/render-t8.js';
import { judgeReceipt } from '../../../libs/adapters/destinations/send-event.js';
import { faultInPfds } from '../../../apps/provider-sim/destinations/t8.js';

const tcp = (...ports: string[]): DestinationFlow => ({ proto: 'tcp', ports });
const udp = (...ports: string[]): DestinationFlow => ({ proto: 'udp', ports });
const one = (app: string, kind: Destination['kind'], value: string, ...flows: DestinationFlow[]): Destination => ({
  app,
  kind,
  value,
  flows,
  sources: [],
});

const entries = [
  one('teams', 'cidr', '52.112.0.0/14', tcp('80', '443'), udp('3478-3481')),
  one('teams', 'cidr', '52.120.0.0/14', tcp('80', '443'), udp('3478-3481')),
  one('teams', 'wildcard', '*.teams.microsoft.com', tcp('80', '443')),
  one('webex', 'cidr', '2402:2500::/34', tcp('443', '5004'), udp('5004', '9000')),
];

export const VERSION: DestinationVersion = {
  version: 2020032501,
  since: 2020031801,
  effectiveAt: new Date('2020-03-24T17:00:00Z'),
  publishedAt: new Date('2020-03-24T09:00:00Z'),
  sha256: listHash(entries),
  entries,
  added: [entries[1]!],
  removed: [one('webex', 'cidr', '66.114.160.0/20')],
};
const file = renderDestinationsFile({ code: 'CAT', environment: 'live' }, VERSION, 2);
const fileHash = createHash('sha256').update(file).digest('hex');

const cloudEvent = new Ajv({ strict: false, validateFormats: false });
const schema = new URL('../../fixtures/destinations/cloudevents-1.0.schema.json', import.meta.url);

function isEvent(text: string): void {
  const event: unknown = JSON.parse(text);
  assert.deepEqual(event, JSON.parse(renderDestinationsEvent('AIS', VERSION).toString()));
  const check = cloudEvent.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
  assert.ok(check(event), JSON.stringify(check.errors));
}

const receipt = (text: string, status: number): string =>
  judgeReceipt({ end: 'answered', status, headers: {}, body: Buffer.from(text) }, VERSION, new Date(0)).result;

export const EXAMPLES: Record<string, (text: string) => void> = {
  'destinations-event': isEvent,
  'destinations-answer': (text) => assert.equal(receipt(text, 200), 'acknowledged'),
  'destinations-answer-later': (text) => assert.equal(receipt(text, 202), 'told'),
  'destinations-file': (text) => assert.equal(`${text}\n`, file.toString('latin1')),
  'destinations-receipt': (text) =>
    assert.deepEqual(readDestinationsReceipt(Buffer.from(`${text}\n`), 2, fileHash), {
      word: 'accepted',
      enforcedSince: new Date('2020-03-24T17:00:00Z'),
    }),
  'destinations-t8': (text) => {
    const body = JSON.parse(text) as { pfdDatas: Record<string, unknown>; notificationDestination: string };
    assert.deepEqual(body.pfdDatas, Object.fromEntries(applicationsOf(entries, 86_400)));
    assert.match(body.notificationDestination, /\/v1\/providers\/DTAC\/pfd-reports\/[\w-]{43}$/);
  },
  'destinations-t8-partial': (text) => {
    const body = JSON.parse(text) as {
      pfdDatas: Record<string, unknown>;
      pfdReports: Record<string, { externalAppIds: string[] }>;
    };
    for (const [id, data] of Object.entries(body.pfdDatas)) assert.equal(faultInPfds(data, id), null);
    assert.deepEqual(body.pfdReports['RESOURCE_LIMITATION']?.externalAppIds, ['wah-webex']);
  },
  'destinations-t8-report': (text) => {
    const [report] = JSON.parse(text) as { externalAppIds: string[]; failureCode: string }[];
    assert.deepEqual(report, { externalAppIds: ['wah-teams'], failureCode: 'MALFUNCTION' });
  },
  'destinations-feed': (text) => assert.deepEqual(JSON.parse(text), destinationsDocument('3BB', VERSION)),
  'destinations-csv': (text) => assert.equal(`${text}\n`, listCsv(VERSION)),
  'destinations-acknowledgement': (text) => {
    const { version, sha256, enforcedSince } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([version, sha256], [VERSION.version, VERSION.sha256]);
    assert.equal(new Date(String(enforcedSince)).toISOString(), '2020-03-24T17:00:00.000Z');
  },
  'destinations-hash': (text) => assert.equal(createHash('sha256').update(`${text}\n`).digest('hex'), VERSION.sha256),
};
