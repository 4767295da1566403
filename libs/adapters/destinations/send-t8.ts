// Lists by 3GPP T8 PfdManagement: one transaction, then a replacement per application. An application that failed is
// tried again by itself; the others are done.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  Problem,
  type DestinationDelivery,
  type DestinationsReport,
  type DestinationsResult,
  type DestinationVersion,
  type ProviderProfile,
} from '#contracts';
import { isObject } from '../formats/reading.js';
import { keyOf } from '../signing/standard-webhooks.js';
import type { Exchange, WebhookClient } from '../transports/webhook.js';
import { quoted } from '../wording.js';
import { judgeTrouble, objectOf, type Answered } from './judge-http.js';
import { applicationHash, applicationsOf, type PfdData } from './render-t8.js';
import type { DestinationSender } from './sender.js';

/** What is remembered of an application: where it lives, and which content it took (null: it must be sent again). */
interface Kept {
  transaction: string;
  sha256: string | null;
}
type Memory = Record<string, Kept>;

type Trouble = Extract<DestinationsResult, { detail: string }>;

export interface T8Options {
  profile: ProviderProfile;
  client: WebhookClient;
  scsAsId: string;
  allowedDelayS: number;
  /** Where reports of later failures go; undefined while the hub has no public address. */
  notificationDestination: () => string | undefined;
  secrets: () => string[];
  clock: () => Date;
}

/** The token for a secret in the address that reports go to: T8 has no signature. */
export function reportTokenOf(secret: string, provider: string): string {
  return createHmac('sha256', keyOf(secret)).update(`t8 pfd reports ${provider}`).digest('base64url');
}

export class T8Sender implements DestinationSender {
  private readonly base: string;

  constructor(private readonly options: T8Options) {
    this.base = `/3gpp-pfd-management/v1/${encodeURIComponent(options.scsAsId)}/transactions`;
  }

  async send(
    version: DestinationVersion,
    delivery: DestinationDelivery,
    signal: AbortSignal,
  ): Promise<DestinationsResult> {
    const wanted = applicationsOf(version.entries, this.options.allowedDelayS);
    const memory = memoryOf(delivery.memory);
    const failed: string[] = [];
    const result = (trouble: Trouble): DestinationsResult => ({ ...trouble, memory: { applications: memory } });

    const fresh: PfdData[] = [];
    for (const [id, data] of wanted) {
      const kept = memory[id];
      if (!kept) {
        fresh.push(data);
        continue;
      }
      if (kept.sha256 === applicationHash(data)) continue;
      const done = await this.replace(kept.transaction, data, signal);
      if (done === 'done') kept.sha256 = applicationHash(data);
      else if (done === 'gone') {
        delete memory[id];
        fresh.push(data);
      } else if (typeof done === 'string') failed.push(done);
      else return result(done);
    }
    for (const [id, kept] of Object.entries(memory)) {
      if (wanted.has(id)) continue;
      const trouble = await this.remove(kept.transaction, id, signal);
      if (trouble) return result(trouble);
      delete memory[id];
    }
    if (fresh.length > 0) {
      const trouble = await this.create(fresh, memory, failed, signal);
      if (trouble) return result(trouble);
    }
    if (failed.length > 0)
      return result({ result: 'partial', detail: `not taken: ${quoted(failed.join(', '))}`, status: null });
    return { result: 'acknowledged', enforcedSince: null, status: null, memory: { applications: memory } };
  }

  /** `done`, `gone` (there is no such application any more), `<id>: <code>` when it was refused, or a trouble. */
  private async replace(transaction: string, data: PfdData, signal: AbortSignal): Promise<string | Trouble> {
    const answer = await this.call(
      'PUT',
      `${this.base}/${transaction}/applications/${data.externalAppId}`,
      signal,
      data,
    );
    if (answer.end === 'answered') {
      if (answer.status === 200 || answer.status === 204) return 'done';
      if (answer.status === 404) return 'gone';
      // 403, 409 and 500 of one application come with a PfdReport about it.
      const code = failureIn(answer);
      if (code) return `${data.externalAppId}: ${code}`;
    }
    return judgeTrouble(answer, this.options.clock());
  }

  private async remove(transaction: string, id: string, signal: AbortSignal): Promise<Trouble | null> {
    const answer = await this.call('DELETE', `${this.base}/${transaction}/applications/${id}`, signal);
    const gone = answer.end === 'answered' && (answer.status === 204 || answer.status === 200 || answer.status === 404);
    return gone ? null : judgeTrouble(answer, this.options.clock());
  }

  /** Applications that live nowhere yet. One that lives there without our knowing is found, and replaced. */
  private async create(
    fresh: readonly PfdData[],
    memory: Memory,
    failed: string[],
    signal: AbortSignal,
  ): Promise<Trouble | null> {
    const found = await this.lookUp(signal);
    if (!(found instanceof Map)) return found;
    const unknown: PfdData[] = [];
    for (const data of fresh) {
      const transaction = found.get(data.externalAppId);
      if (transaction === undefined) {
        unknown.push(data);
        continue;
      }
      const done = await this.replace(transaction, data, signal);
      if (done === 'gone') unknown.push(data);
      else if (typeof done === 'object') return done;
      else {
        memory[data.externalAppId] = { transaction, sha256: done === 'done' ? applicationHash(data) : null };
        if (done !== 'done') failed.push(done);
      }
    }
    if (unknown.length === 0) return null;
    const notificationDestination = this.options.notificationDestination();
    const answer = await this.call('POST', this.base, signal, {
      pfdDatas: Object.fromEntries(unknown.map((data) => [data.externalAppId, data])),
      ...(notificationDestination === undefined ? {} : { notificationDestination }),
    });
    if (answer.end !== 'answered') return judgeTrouble(answer, this.options.clock());
    if (answer.status === 201) return readCreated(answer, unknown, memory, failed);
    const reports = answer.status === 500 ? readReports(answer.body) : null;
    if (!reports) return judgeTrouble(answer, this.options.clock());
    // All of them failed; no transaction was made.
    failed.push(...reports.map(({ application, code }) => `${application}: ${code}`));
    return null;
  }

  /** Which applications of ours live where: after a lost answer, or when the hub was restored from a backup. */
  private async lookUp(signal: AbortSignal): Promise<Map<string, string> | Trouble> {
    const answer = await this.call('GET', this.base, signal);
    if (answer.end !== 'answered' || (answer.status !== 200 && answer.status !== 404))
      return judgeTrouble(answer, this.options.clock());
    const found = new Map<string, string>();
    if (answer.status === 404) return found;
    let list: unknown;
    try {
      list = JSON.parse(answer.body.toString('utf8'));
    } catch {
      list = null;
    }
    if (!Array.isArray(list)) return { result: 'unclear', detail: 'its list of transactions is no array', status: 200 };
    for (const one of list.filter(isObject)) {
      const transaction = transactionIn(one['self']);
      if (transaction === null || !isObject(one['pfdDatas'])) continue;
      for (const id of Object.keys(one['pfdDatas'])) found.set(id, transaction);
    }
    return found;
  }

  private call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<Exchange> {
    return this.options.client.send(
      {
        method,
        path,
        id: `t8-${randomUUID()}`,
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' }),
      },
      signal,
    );
  }

  readReport(token: string, body: Buffer): DestinationsReport {
    const given = Buffer.from(token);
    const known = this.options.secrets().some((secret) => {
      const expected = Buffer.from(reportTokenOf(secret, this.options.profile.code));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!known) {
      throw new Problem(
        401,
        'report-not-verified',
        'Report not known',
        'Post to the very address that stood in notificationDestination, token included.',
      );
    }
    const failed = readReports(body);
    if (!failed) {
      throw new Problem(
        422,
        'report-not-usable',
        'Report cannot be used',
        'An array of PfdReport (TS 29.122) was expected: [{"externalAppIds": ["wah-teams"], "failureCode": "MALFUNCTION"}]. Nothing was changed.',
      );
    }
    return { failed };
  }

  close(): Promise<void> {
    this.options.client.close();
    return Promise.resolve();
  }
}

function memoryOf(memory: unknown): Memory {
  const applications = isObject(memory) && isObject(memory['applications']) ? memory['applications'] : {};
  return structuredClone(applications) as Memory;
}

/** The id in `…/transactions/8121`; null when there is none. */
function transactionIn(address: unknown): string | null {
  return typeof address === 'string' ? (/\/transactions\/([\w.~-]{1,128})\/?$/.exec(address)?.[1] ?? null) : null;
}

/** 201 holds what was taken in `pfdDatas` and what was not in `pfdReports`; what is in neither counts as not taken. */
function readCreated(answer: Answered, sent: readonly PfdData[], memory: Memory, failed: string[]): Trouble | null {
  const value = objectOf(answer);
  if (typeof value === 'string') return { result: 'unclear', detail: value, status: 201 };
  const transaction = transactionIn(value['self']) ?? transactionIn(answer.headers['location']);
  if (transaction === null)
    return {
      result: 'unclear',
      detail: 'status 201 without "self" and Location: the transaction has no address',
      status: 201,
    };
  const taken = isObject(value['pfdDatas']) ? value['pfdDatas'] : {};
  const reports = isObject(value['pfdReports']) ? reportsIn(Object.values(value['pfdReports'])) : [];
  for (const data of sent) {
    const id = data.externalAppId;
    const report = reports?.find((one) => one.application === id);
    if (id in taken && !report) memory[id] = { transaction, sha256: applicationHash(data) };
    else failed.push(`${id}: ${report?.code ?? 'it is in neither pfdDatas nor pfdReports'}`);
  }
  return null;
}

/** The failure code of a PfdReport, which comes as an object or an array of one. */
function failureIn({ status, body }: Answered): string | null {
  if (status !== 403 && status !== 409 && status !== 500) return null;
  const reports = readReports(body);
  return reports?.[0]?.code ?? null;
}

function readReports(body: Buffer): DestinationsReport['failed'] | null {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown;
    return reportsIn(Array.isArray(value) ? value : [value]);
  } catch {
    return null;
  }
}

function reportsIn(list: readonly unknown[]): DestinationsReport['failed'] | null {
  if (list.length === 0 || list.length > 100) return null;
  const failed: DestinationsReport['failed'] = [];
  for (const one of list) {
    if (!isObject(one) || typeof one['failureCode'] !== 'string' || !Array.isArray(one['externalAppIds'])) return null;
    const code = /^[A-Z_]{1,40}$/.test(one['failureCode']) ? one['failureCode'] : 'OTHER_REASON';
    for (const application of one['externalAppIds'])
      if (typeof application === 'string' && /^[\w.-]{1,64}$/.test(application)) failed.push({ application, code });
  }
  return failed;
}
