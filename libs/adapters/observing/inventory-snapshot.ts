// Reads a provider's whole list from its TMF638 service inventory, page by page (docs/providers/snapshots.md).
import type {
  Access,
  ProviderProfile,
  SnapshotForm,
  SnapshotLine,
  SnapshotObserver,
  SnapshotRead,
  SnapshotReader,
} from '#contracts';
import { isObject } from '../formats/reading.js';
import { readExternalId } from '../tmf641/words.js';
import type { WebhookClient } from '../transports/webhook.js';
import { looksLike } from '../wording.js';
import { dayOf } from './days.js';
import { lineChecker, SnapshotNotUsable } from './line-checks.js';

export const INVENTORY_PATH = '/tmf-api/serviceInventory/v4/service';
/** Services in a page: about 700 bytes each. */
const PAGE = 1_000;
const ACCESS: Record<string, Access> = { MOBILE_BROADBAND: 'MB', FIXED_BROADBAND: 'FB' };

/** The read ends for a reason that is no fault of the list. */
class Ended extends Error {
  constructor(
    readonly read: 'moved' | 'failed',
    message: string,
  ) {
    super(message);
    this.name = 'Ended';
  }
}

interface Page {
  services: unknown[];
  total: number;
  /** The newest order that it applied; 0: none. */
  batch: number;
  bytes: number;
}

export class InventorySnapshot implements SnapshotObserver {
  constructor(
    private readonly profile: ProviderProfile,
    private readonly form: SnapshotForm,
    private readonly client: WebhookClient,
  ) {}

  async read(request: string, reader: SnapshotReader, signal: AbortSignal): Promise<SnapshotRead> {
    const counts = { bytes: 0, roundTrips: 0, refusals: [] };
    const check = lineChecker(this.profile);
    let first: Page | null = null;
    let n = 0;
    try {
      for (;;) {
        const page = await this.page(request, n, signal);
        counts.roundTrips += 1;
        counts.bytes += page.bytes;
        if (counts.bytes > this.form.maxBytes)
          throw new SnapshotNotUsable(`it has more than ${this.form.maxBytes} bytes, which is the most that is read`);
        if (first === null) {
          first = page;
          const { batch, total: count } = page;
          const wrong = await reader.begin({
            provider: this.profile.code,
            batch,
            appliedSeq: null,
            count,
            takenAt: null,
            request,
          });
          if (wrong !== null) throw new SnapshotNotUsable(wrong);
        }
        if (page.batch !== first.batch || page.total !== first.total)
          throw new Ended('moved', 'it applied something between two pages');
        if (page.services.length === 0 && n < first.total)
          throw new SnapshotNotUsable(`X-Total-Count says ${first.total}, and the pages end after ${n}`);
        const run = page.services.map((service, i) => {
          const line = lineOf(service, n + i + 1);
          const wrong = check(line);
          if (wrong !== null) throw new SnapshotNotUsable(`service ${n + i + 1}: ${wrong}`);
          return line;
        });
        n += run.length;
        if (n > first.total) throw new SnapshotNotUsable(`X-Total-Count says ${first.total}, and the pages hold more`);
        if (run.length > 0) await reader.take(run);
        if (n === first.total) return { read: 'whole', sha256: null, settle: () => Promise.resolve(), ...counts };
      }
    } catch (error) {
      if (error instanceof SnapshotNotUsable) return { read: 'refused', detail: error.message, ...counts };
      if (error instanceof Ended) return { read: error.read, detail: error.message, ...counts };
      throw error;
    }
  }

  private async page(request: string, offset: number, signal: AbortSignal): Promise<Page> {
    const path = `${INVENTORY_PATH}?serviceType=ZeroRating&state=active&offset=${offset}&limit=${PAGE}`;
    const exchange = await this.client.send({ method: 'GET', path, id: `snapshot-${request}-${offset}` }, signal);
    if (exchange.end !== 'answered') throw new Ended('failed', exchange.detail);
    const { status, headers, body } = exchange;
    if (status !== 200 && status !== 206)
      throw new Ended('failed', `status ${status} to ${INVENTORY_PATH}: ${looksLike(body)}`);
    let services: unknown;
    try {
      services = JSON.parse(body.toString('utf8'));
    } catch {
      throw new SnapshotNotUsable(`the page from ${offset} is no JSON; is it cut off?`);
    }
    if (!Array.isArray(services)) throw new SnapshotNotUsable(`the page from ${offset} is no array of services`);
    const total = headers['x-total-count'] ?? '';
    if (!/^\d{1,9}$/.test(total))
      throw new SnapshotNotUsable(
        'its answer has no X-Total-Count, so nobody can tell whether the pages are all of it',
      );
    const applied = headers['x-applied-order'];
    if (applied === undefined)
      throw new SnapshotNotUsable(
        'its answer has no X-Applied-Order; write the externalId of the newest order, or "none"',
      );
    const key = applied === 'none' ? { number: 0 } : readExternalId(applied, this.profile.code);
    if (!key)
      throw new SnapshotNotUsable('X-Applied-Order is not the externalId of an order to this provider, nor "none"');
    return { services, total: Number(total), batch: key.number, bytes: body.length };
  }
}

/** Throws `SnapshotNotUsable` for what is no service of ours. */
function lineOf(service: unknown, n: number): SnapshotLine {
  if (!isObject(service)) throw new SnapshotNotUsable(`service ${n} is no object`);
  const given: unknown = service['serviceCharacteristic'];
  const named = new Map<string, string>();
  for (const one of Array.isArray(given) ? (given as unknown[]) : [])
    if (isObject(one) && typeof one['name'] === 'string' && typeof one['value'] === 'string')
      named.set(one['name'], one['value']);
  const access = ACCESS[named.get('accessType') ?? ''];
  if (!access)
    throw new SnapshotNotUsable(
      `service ${n}: its characteristic accessType is none of ${Object.keys(ACCESS).join(', ')}`,
    );
  const { startDate, endDate } = service;
  const to = endDate === undefined || endDate === null ? null : (dayOf(endDate) ?? '');
  return {
    ref: named.get('entryRef') ?? '',
    access,
    line: named.get(access === 'MB' ? 'msisdn' : 'circuit') ?? '',
    package: named.get('package') ?? '',
    from: dayOf(startDate) ?? '',
    to,
  };
}
