// The four forms of a list: T8 bodies against the shapes of TS 29.122, the file and its receipt, the event, the CSV.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Destination, DestinationVersion } from '#contracts';
import { faultInPfds } from '../../../apps/provider-sim/destinations/t8.js';
import { parseList } from '../../../apps/provider-sim/destinations/file.js';
import { hashOf } from '../../../apps/provider-sim/destinations/list.js';
import { AnswerNotUsable } from '../../../libs/adapters/formats/reading.js';
import { checkDestinations } from '../../../libs/adapters/profiles/validate-destinations.js';
import { listCsv } from '../../../libs/adapters/destinations/documents.js';
import { renderDestinationsEvent } from '../../../libs/adapters/destinations/render-event.js';
import {
  destinationsFileName,
  destinationsReceiptName,
  readDestinationsReceipt,
  renderDestinationsFile,
} from '../../../libs/adapters/destinations/render-file.js';
import { applicationsOf, domainName, type PfdData } from '../../../libs/adapters/destinations/render-t8.js';

const source = [{ vendor: 'microsoft', set: '11', version: '2020032500' }] as const;
const entries: Destination[] = [
  {
    app: 'teams',
    kind: 'cidr',
    value: '52.112.0.0/14',
    flows: [
      { proto: 'tcp', ports: ['80', '443'] },
      { proto: 'udp', ports: ['3478-3481'] },
    ],
    sources: [...source],
  },
  {
    app: 'teams',
    kind: 'cidr',
    value: '52.120.0.0/14',
    flows: [{ proto: 'udp', ports: ['3478-3481'] }],
    sources: [...source],
  },
  {
    app: 'teams',
    kind: 'wildcard',
    value: '*.teams.microsoft.com',
    flows: [{ proto: 'tcp', ports: ['443'] }],
    sources: [...source],
  },
  { app: 'webex', kind: 'cidr', value: '2402:2500::/34', flows: [{ proto: 'any', ports: [] }], sources: [] },
];
const version: DestinationVersion = {
  version: 2020032501,
  since: 2020031801,
  effectiveAt: new Date('2020-03-24T17:00:00Z'),
  publishedAt: new Date('2020-03-24T09:00:00Z'),
  sha256: hashOf(entries),
  entries,
  added: [entries[1]!],
  removed: [{ ...entries[0]!, value: '13.107.64.0/18' }],
};
const profile = { code: 'CAT', environment: 'test' } as const;

describe('3GPP T8', () => {
  const example = (name: string): { pfdDatas: Record<string, PfdData> } =>
    JSON.parse(readFileSync(new URL(`../../fixtures/destinations/${name}`, import.meta.url), 'utf8')) as never;

  test('every application has the shape of the examples: one kind of filter a PFD, keys equal to ids', () => {
    for (const [id, data] of Object.entries(example('t8-pfd-create.request.json').pfdDatas))
      assert.equal(faultInPfds(data, id), null, 'the check takes the example itself');
    const applications = applicationsOf(entries, 86_400);
    assert.deepEqual([...applications.keys()], ['wah-teams', 'wah-webex']);
    for (const [id, data] of applications) {
      assert.equal(faultInPfds(data, id), null);
      assert.deepEqual(Object.keys(data).sort(), ['allowedDelay', 'externalAppId', 'pfds']);
    }
    assert.deepEqual(applications.get('wah-teams')?.pfds['teams-v4']?.flowDescriptions, [
      'permit out 6 from 52.112.0.0/14 80,443 to any',
      'permit out 17 from 52.112.0.0/14 3478-3481 to any',
      'permit out 17 from 52.120.0.0/14 3478-3481 to any',
    ]);
    assert.deepEqual(applications.get('wah-webex')?.pfds, {
      'webex-v6': { pfdId: 'webex-v6', flowDescriptions: ['permit out ip from 2402:2500::/34 to any'] },
    });
  });

  test('a wildcard is an anchored expression whose dots are dots', () => {
    const text = domainName(entries[2]!);
    assert.equal(text, '^.+\\.teams\\.microsoft\\.com$');
    const expression = new RegExp(text);
    assert.ok(expression.test('eu.teams.microsoft.com'));
    for (const other of ['teams.microsoft.com', 'x.teamsXmicrosoft.com', 'a.teams.microsoft.com.example.org'])
      assert.ok(!expression.test(other));
  });
});

describe('the file', () => {
  const bytes = renderDestinationsFile(profile, version, 2);

  test('names, rows and trailer; another reader finds the same list', () => {
    assert.equal(destinationsFileName(profile, version, 2), 'TWAH_DST_ONDE_CAT_20200324_000002.csv');
    assert.equal(destinationsReceiptName(profile, version, 2), 'TWAH_DAK_CAT_ONDE_20200324_000002.csv');
    const rows = bytes.toString('latin1').split('\n');
    assert.equal(rows[3], 'D|3|ADD|teams|CIDR|52.120.0.0/14|UDP|3478-3481');
    assert.match(rows.at(-2) ?? '', /^T\|6\|KEEP=4\|ADD=1\|REMOVE=1\|sha256=[0-9a-f]{64}$/);
    assert.equal(parseList(bytes, 'CAT', 2).sha256, version.sha256);
    assert.deepEqual(renderDestinationsFile(profile, version, 2), bytes, 'the same again');
  });

  test('receipts', () => {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const read = (text: string): unknown => readDestinationsReceipt(Buffer.from(text), 2, hash);
    assert.deepEqual(read(`A|DST|000002|ACCEPTED|6|${hash}|2020-03-25T00:00:00Z\n`), {
      word: 'accepted',
      enforcedSince: new Date('2020-03-25T00:00:00Z'),
    });
    assert.deepEqual(read(`A|DST|000002|COPY|6|${hash}\n`), { word: 'accepted', enforcedSince: null });
    assert.deepEqual(read('A|DST|000002|REJECTED|E103|count\n'), { word: 'refused', code: 'E103', detail: 'count' });
    for (const wrong of [
      `A|SUB|000002|ACCEPTED|6|${hash}`,
      `A|DST|000003|ACCEPTED|6|${hash}`,
      'A|DST|000002|ACCEPTED|6|abc',
      `A|DST|000002|OK|6|${hash}`,
      '<html>',
      '',
    ])
      assert.throws(() => read(wrong), AnswerNotUsable, wrong);
  });
});

test('the event holds the whole list and the difference; the CSV a row a protocol', () => {
  const event = JSON.parse(renderDestinationsEvent('AIS', version).toString()) as {
    id: string;
    sequence: string;
    data: Record<string, unknown[]>;
  };
  assert.equal(event.id, 'AIS-destinations-2020032501');
  assert.equal(event.sequence, '2020032501');
  assert.equal(event.data['destinations']?.length, 4);
  assert.equal(event.data['added']?.length, 1);
  assert.deepEqual(event.data['removed'], [{ app: 'teams', kind: 'cidr', value: '13.107.64.0/18' }]);
  assert.ok(!JSON.stringify(event).includes('sources'));
  assert.deepEqual(listCsv(version).split('\n').slice(0, 3), [
    'version,app,kind,value,proto,ports',
    '2020032501,teams,cidr,52.112.0.0/14,tcp,80;443',
    '2020032501,teams,cidr,52.112.0.0/14,udp,3478-3481',
  ]);
});

test('a profile says what to write where its form of lists is wrong', () => {
  const faults = (destinations: unknown, kind = 'webhook'): string => {
    const said: string[] = [];
    checkDestinations({ say: (fault) => void said.push(fault) }, { destinations, transport: { kind } });
    return said.join('\n');
  };
  const t8 = { form: 't8', apiRoot: 'https://nef.example', scsAsId: 'onde-wah', allowedDelayS: 60 };
  assert.equal(
    faults(null) + faults({ form: 'event' }) + faults({ form: 'feed' }) + faults({ form: 'file' }, 'sftp') + faults(t8),
    '',
  );
  assert.match(faults({ form: 'file' }), /needs transport.kind "sftp"/);
  assert.match(faults({ form: 'event' }, 'sftp'), /needs transport.kind "webhook"/);
  assert.match(faults({ form: 'mail' }), /"event", "file", "feed" or "t8"/);
  assert.match(faults({ ...t8, apiRoot: 'nef', scsAsId: '', allowedDelayS: 0 }), /apiRoot[^]*scsAsId[^]*allowedDelayS/);
  assert.match(faults({ form: 'event', apiRoot: 'x' }), /not a field/);
});
