// Answers GET /tmf-api/serviceInventory/v4/service: active services in pages, as TMF638 has them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeldLine } from '../book/book.js';
import type { Provider } from '../provider.js';
import { serviceIdOf } from '../tmf641/service-id.js';
import { answer } from '../webhook/http.js';
import { headOf, heldLines } from './content.js';

const PATH = '/tmf-api/serviceInventory/v4/service';
const MOST = 1_000;

function serviceOf({ ref, access, line, package: name, from, to }: HeldLine, origin: string): Record<string, unknown> {
  const mobile = access === 'MB';
  const named = {
    entryRef: ref,
    accessType: mobile ? 'MOBILE_BROADBAND' : 'FIXED_BROADBAND',
    [mobile ? 'msisdn' : 'circuit']: line,
    package: name,
  };
  const id = serviceIdOf(ref);
  return {
    id,
    href: `${origin}${PATH}/${encodeURIComponent(id)}`,
    serviceType: 'ZeroRating',
    state: 'active',
    startDate: `${from}T00:00:00+07:00`,
    ...(to === undefined ? {} : { endDate: `${to}T23:59:59+07:00` }),
    serviceCharacteristic: Object.entries(named).map(([name, value]) => ({ name, value, valueType: 'string' })),
    '@type': 'Service',
  };
}

/** False when it was another question. @param nameOf an order's externalId by its batch */
export function answerInventory(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  nameOf: (batch: number) => string | undefined,
): boolean {
  const url = new URL(request.url ?? '/', 'http://simulator');
  if (request.method !== 'GET' || url.pathname !== PATH) return false;
  const offset = Math.max(0, Number(url.searchParams.get('offset') ?? 0) || 0);
  const limit = Math.min(Math.max(1, Number(url.searchParams.get('limit') ?? MOST) || MOST), MOST);
  const { batch, count } = headOf(provider);
  const origin = `http://${request.headers.host ?? 'simulator'}`;
  const services = [...heldLines(provider, offset, limit)].map((held) => serviceOf(held, origin));
  answer(response, offset + services.length < count ? 206 : 200, services, {
    'x-result-count': String(services.length),
    'x-total-count': String(count),
    'x-applied-order': nameOf(batch) ?? 'none',
  });
  return true;
}
