// Lists by webhook: POST /destinations takes one, GET /destinations says which is enforced. The signature was verified.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from '../provider.js';
import { answer, problem } from '../webhook/http.js';
import { ListError, readDocument, type List } from './list.js';

const TYPE = 'th.onde.saphan.destinations.version.v1';

/** Answers when the address is one of destinations; says whether it was. */
export function answerDestinations(
  provider: Provider,
  request: IncomingMessage,
  path: string,
  text: string,
  response: ServerResponse,
): 'answered' | 'notMine' {
  if (path !== '/destinations') return 'notMine';
  if (request.method === 'GET') show(provider, response);
  else if (request.method === 'POST') take(provider, request, text, response);
  else problem(response, 405, 'METHOD_NOT_ALLOWED', 'POST a list, or GET which one is enforced');
  return 'answered';
}

function show({ destinations }: Provider, response: ServerResponse): void {
  const enforced = destinations.enforced();
  if (enforced === null) return problem(response, 404, 'NO_LIST', 'no list was taken yet');
  const { version, sha256, since } = enforced;
  answer(response, 200, { version, sha256, enforcedSince: since });
}

function take(provider: Provider, request: IncomingMessage, text: string, response: ServerResponse): void {
  let list: List;
  try {
    list = readEvent(text, request, provider);
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    provider.observer.violation('malformedBatch', { detail: `destinations: ${error.message}` });
    provider.destinations.figures.refused++;
    return problem(response, 422, 'LIST_NOT_USABLE', error.message);
  }
  const { version, sha256 } = list;
  const verdict = provider.destinations.take(list);
  if (verdict === 'failed') return problem(response, 500, 'INTERNAL', 'the list could not be put to work');
  if (verdict === 'waiting') return answer(response, 202, { version, receipt: 'accepted' });
  const since = provider.destinations.enforced()?.since;
  answer(response, 200, { version, receipt: 'accepted', sha256, enforcedSince: since });
}

function readEvent(text: string, request: IncomingMessage, { code }: Provider): List {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new ListError('the body is not JSON');
  }
  if (event['specversion'] !== '1.0' || event['type'] !== TYPE) throw new ListError(`type must be ${TYPE}`);
  const list = readDocument(event['data'], code);
  const id = `${code}-destinations-${list.version}`;
  if (event['id'] !== id || request.headers['webhook-id'] !== id)
    throw new ListError(`id and webhook-id must be ${id}`);
  return list;
}
