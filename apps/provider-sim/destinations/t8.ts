// Lists by 3GPP T8 PfdManagement (TS 29.122): transactions of applications, replaced one by one, with partial failures.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { Provider } from '../provider.js';
import { answer } from '../webhook/http.js';

type Loose = Record<string, unknown>;

const ROUTE = /^(\/3gpp-pfd-management\/v1\/[^/]+\/transactions)(?:\/([^/]+)(?:\/applications\/([^/]+))?)?$/;
const FLOW = /^permit out (?:ip|\d{1,3}) from [0-9a-f.:]+\/\d{1,3}(?: \d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)? to any$/;

function fail(response: ServerResponse, status: number, title: string, invalidParams?: unknown): void {
  const body = { type: 'about:blank', title, status, ...(invalidParams ? { invalidParams } : {}) };
  answer(response, status, body, { 'content-type': 'application/problem+json' });
}

/** What is wrong with an application, or null. */
export function faultInPfds(value: unknown, id: string): string | null {
  const { externalAppId, pfds } = (value ?? {}) as Loose;
  if (externalAppId !== id || typeof pfds !== 'object' || pfds === null) return 'externalAppId and pfds must be there';
  for (const [pfdId, one] of Object.entries(pfds as Record<string, Loose>)) {
    if (one['pfdId'] !== pfdId) return 'pfdId is not its key';
    const kinds = ['flowDescriptions', 'urls', 'domainNames'].filter((name) => name in one);
    if (kinds.length !== 1) return 'one kind of filter in a PFD';
    const list = one[kinds[0] ?? ''];
    if (!Array.isArray(list) || list.length === 0) return 'a filter has at least one member';
    if (kinds[0] === 'flowDescriptions' && !list.every((flow) => FLOW.test(String(flow)))) return 'no IPFilterRule';
  }
  return null;
}

/** Answers when the address is one of T8; says whether it was. */
export function answerT8(
  provider: Provider,
  request: IncomingMessage,
  path: string,
  body: string,
  response: ServerResponse,
): 'answered' | 'notMine' {
  const found = ROUTE.exec(path);
  if (!found) return 'notMine';
  const [, base = '', transaction, application] = found;
  const { destinations } = provider;
  const self = (id: string): string => `http://${request.headers.host}${base}/${id}`;
  const view = (id: string): Loose => ({ self: self(id), pfdDatas: destinations.transactions[id] });
  const known = transaction === undefined ? undefined : destinations.transactions[transaction];
  if (transaction === undefined) {
    if (request.method === 'GET') answer(response, 200, Object.keys(destinations.transactions).map(view));
    else create(provider, body, self, response);
  } else if (known === undefined) {
    fail(response, 404, 'no such transaction');
  } else if (application === undefined) {
    if (request.method === 'DELETE') remove(provider, () => delete destinations.transactions[transaction], response);
    else answer(response, 200, view(transaction));
  } else if (!(application in known)) {
    fail(response, 404, 'no such application');
  } else if (request.method === 'PUT') {
    replace(provider, known, application, body, response);
  } else if (request.method === 'DELETE') {
    remove(provider, () => delete known[application], response);
  } else {
    answer(response, 200, known[application]);
  }
  return 'answered';
}

function remove({ destinations }: Provider, act: () => void, response: ServerResponse): void {
  act();
  destinations.save();
  response.writeHead(204).end();
}

/** Applications that the dial lets fail. */
function failing({ dial, random, effects }: Provider): boolean {
  const fails = random() < dial.destinations.partial;
  if (fails) effects.count('destinations.partial');
  return fails;
}

function create(provider: Provider, body: string, self: (id: string) => string, response: ServerResponse): void {
  const { destinations, dial, random } = provider;
  const wanted = objectIn(body)?.['pfdDatas'];
  if (typeof wanted !== 'object' || wanted === null) return fail(response, 400, 'pfdDatas is needed');
  const applications = Object.entries(wanted as Loose);
  const fault = applications.map(([id, data]) => faultInPfds(data, id)).find((one) => one !== null);
  if (fault !== undefined) {
    destinations.figures.refused++;
    provider.observer.violation('malformedBatch', { detail: `destinations: ${fault}` });
    return fail(response, 400, fault ?? 'not usable', [{ param: 'pfdDatas', reason: fault }]);
  }
  destinations.received.push(applications.length);
  const held = new Set(Object.values(destinations.transactions).flatMap((one) => Object.keys(one)));
  const all = random() < dial.destinations.fail;
  if (all) provider.effects.count('destinations.fail');
  const reports: Record<string, { externalAppIds: string[]; failureCode: string }> = {};
  const taken: Loose = {};
  for (const [id, data] of applications) {
    const code = held.has(id)
      ? 'APP_ID_DUPLICATED'
      : all
        ? 'MALFUNCTION'
        : failing(provider)
          ? 'RESOURCE_LIMITATION'
          : null;
    if (code === null) taken[id] = data;
    else (reports[code] ??= { externalAppIds: [], failureCode: code }).externalAppIds.push(id);
  }
  if (Object.keys(reports).length > 0) destinations.figures.failed++;
  if (Object.keys(taken).length === 0) return answer(response, 500, Object.values(reports));
  const id = randomUUID().slice(0, 8);
  destinations.transactions[id] = taken;
  destinations.figures.taken++;
  destinations.save();
  const some = Object.keys(reports).length > 0 ? { pfdReports: reports } : {};
  answer(response, 201, { self: self(id), pfdDatas: taken, ...some }, { location: self(id) });
}

function replace(provider: Provider, known: Loose, id: string, body: string, response: ServerResponse): void {
  const { destinations, dial, random } = provider;
  const data = objectIn(body);
  const fault = faultInPfds(data, id);
  if (fault !== null) {
    destinations.figures.refused++;
    return fail(response, 400, fault);
  }
  destinations.received.push(1);
  const fails = random() < dial.destinations.fail;
  if (fails) provider.effects.count('destinations.fail');
  if (fails || failing(provider)) {
    destinations.figures.failed++;
    return answer(response, 500, { externalAppIds: [id], failureCode: 'MALFUNCTION' });
  }
  known[id] = data;
  destinations.figures.taken++;
  destinations.save();
  answer(response, 200, data);
}

function objectIn(body: string): Loose | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : null;
  } catch {
    return null;
  }
}
