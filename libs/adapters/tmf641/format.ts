// Renders a part of a batch as one TMF641 service order (ServiceOrder_Create of the v4.1.0 swagger).
import type { BatchHeader, BatchLine } from '#contracts';
import { CONTRACT_VERSION, type BatchFormat } from '../formats/format.js';
import { externalIdOf, itemIdOf } from './words.js';

const ACCESS = { MB: 'MOBILE_BROADBAND', FB: 'FIXED_BROADBAND' } as const;

function characteristic(name: string, value: string | number): Record<string, string> {
  return { name, valueType: 'string', value: String(value) };
}

/** A day in Bangkok begins and ends there (UTC+7), both ends included. */
function firstMoment(day: string): string {
  return `${day}T00:00:00+07:00`;
}

function lastMoment(day: string): string {
  return `${day}T23:59:59+07:00`;
}

function addition(line: BatchLine): Record<string, unknown> {
  return {
    id: itemIdOf(line),
    // An entry that it holds is changed, not ordered a second time.
    action: line.handle ? 'modify' : 'add',
    '@type': 'ServiceOrderItem',
    service: {
      ...(line.handle ? { id: line.handle } : {}),
      '@type': 'CustomerFacingService',
      serviceType: 'ZeroRating',
      serviceSpecification: { id: 'wah-zero-rating', version: '1', '@type': 'ServiceSpecificationRef' },
      state: 'active',
      ...(line.from === null ? {} : { startDate: firstMoment(line.from) }),
      ...(line.to === null ? {} : { endDate: lastMoment(line.to) }),
      serviceCharacteristic: [
        characteristic('entryRef', line.ref),
        characteristic('seq', line.seq),
        characteristic('accessType', ACCESS[line.access]),
        characteristic(line.access === 'MB' ? 'msisdn' : 'circuit', line.line),
        ...(line.package === null ? [] : [characteristic('package', line.package)]),
      ],
    },
  };
}

function removal(line: BatchLine): Record<string, unknown> {
  return {
    id: itemIdOf(line),
    action: 'delete',
    '@type': 'ServiceOrderItem',
    service: {
      ...(line.handle ? { id: line.handle } : {}),
      '@type': 'CustomerFacingService',
      serviceCharacteristic: [
        characteristic('entryRef', line.ref),
        characteristic('seq', line.seq),
        // Its own id says which service; without one (its answer was lost) the line does.
        ...(line.handle ? [] : [characteristic(line.access === 'MB' ? 'msisdn' : 'circuit', line.line)]),
      ],
    },
  };
}

export const tmf641: BatchFormat = {
  contentType: 'application/json;charset=utf-8',

  render(header: BatchHeader, lines: readonly BatchLine[]): Buffer {
    const references: [string, string | number][] = [
      ['contract', CONTRACT_VERSION],
      ['batch', header.number],
      ['kind', header.kind],
      ['part', `${header.part}/${header.parts}`],
      ['fromSeq', header.fromSeq],
      ['toSeq', header.toSeq],
      ['sealedAt', header.sealedAt.toISOString()],
    ];
    return Buffer.from(
      JSON.stringify({
        externalId: externalIdOf(header.provider, {
          number: header.number,
          part: header.part,
          several: header.parts > 1,
        }),
        category: 'ZeroRatingWhitelist',
        externalReference: references.map(([externalReferenceType, name]) => ({
          '@type': 'ExternalReference',
          externalReferenceType,
          name: String(name),
        })),
        relatedParty: [{ '@type': 'RelatedParty', '@referredType': 'Organization', id: 'ONDE', role: 'requester' }],
        serviceOrderItem: lines.map((line) => (line.op === 'ADD' ? addition(line) : removal(line))),
        '@type': 'ServiceOrder',
      }),
    );
  },
};
