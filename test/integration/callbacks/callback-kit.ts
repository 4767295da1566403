// A hub whose TRUE has taken batches and says nothing by itself: the test speaks for it, with its real secret.
import { createHash, randomUUID } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import axios, { type AxiosResponse } from 'axios';
import { Webhook } from 'standardwebhooks';
import type { INestApplicationContext } from '@nestjs/common';
import { createApiKey } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, query } from '#platform';
import { registerLines, startTestHub, type TestHub, type TestHubOptions } from '../../support/hub.js';

export interface SentLine {
  n: number;
  ref: string;
}

export interface Message {
  id: string;
  /** Unix seconds. */
  at: number;
  body: Buffer | string;
  headers?: Record<string, string>;
  /** Another secret than TRUE's own. */
  secret?: string;
  /** What is signed when that is not the body. */
  signedBody?: string;
}

export interface CallbackHub {
  hub: TestHub;
  worker: INestApplicationContext;
  address: string;
  providerId: number;
  key: string;
  /** Registers lines and waits until they lie with TRUE; numbers of the new batches. */
  send(lines: number): Promise<number[]>;
  /** The lines of a batch as they were sent. */
  lines(number: number): Promise<SentLine[]>;
  /** The event that a callback holds. */
  event(batch: number, outcomes: unknown, data?: Record<string, unknown>, event?: Record<string, unknown>): string;
  /** Posts a message; never throws for a status. */
  post(message: Partial<Message> & { body: Buffer | string }): Promise<AxiosResponse>;
  /** Signs, posts and returns the answer; a fresh id each time unless one is given. */
  say(batch: number, outcomes: unknown, id?: string): Promise<AxiosResponse>;
  /** A batch as it stands. */
  batch(number: number): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function startCallbackHub(options: Partial<TestHubOptions> = {}): Promise<CallbackHub> {
  const hub = await startTestHub({ providers: ['TRUE'], dials: { TRUE: { dial: { silence: 1 } } }, ...options });
  const address = await hub.serve();
  const worker = await hub.work();
  const scopes = ['onde', 'ops.read', 'ops.act'];
  const { key } = await createApiKey(hub.source, { name: 'the test', scopes }, HUB_ACTOR_ID);
  const [row] = await query<{ id: number }>(
    hub.source,
    `SELECT provider_id::int AS id FROM provider WHERE code = 'TRUE'`,
  );
  const providerId = row?.id ?? 0;
  const { ownSecret } = hub.simulator.get('TRUE');
  const http = axios.create({
    validateStatus: () => true,
    maxBodyLength: Infinity,
    transformRequest: [(data) => data],
  });
  const highest = async (): Promise<number> => {
    const [last] = await query<{ n: number }>(
      hub.source,
      'SELECT coalesce(max(number), 0) AS n FROM batch WHERE provider_id = $1',
      [providerId],
    );
    return last?.n ?? 0;
  };

  const kit: CallbackHub = {
    hub,
    worker,
    address,
    providerId,
    key,
    async send(count) {
      const before = await highest();
      await registerLines(hub.source, count, [providerId], bangkokDay(new Date()));
      for (;;) {
        const rows = await query<{ number: number; lines: number }>(
          hub.source,
          `SELECT number, line_count AS lines FROM batch WHERE provider_id = $1 AND number > $2 AND state = 'accepted' ORDER BY 1`,
          [providerId, before],
        );
        if (rows.reduce((sum, each) => sum + each.lines, 0) === count) return rows.map((each) => each.number);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async lines(number) {
      const [bytes] = await query<{ zstd: Buffer }>(
        hub.source,
        'SELECT zstd FROM batch_bytes WHERE provider_id = $1 AND number = $2',
        [providerId, number],
      );
      const event = JSON.parse(zstdDecompressSync(bytes?.zstd ?? Buffer.alloc(0)).toString('utf8')) as {
        data: { lines: SentLine[] };
      };
      return event.data.lines.map(({ n, ref }) => ({ n, ref }));
    },
    event(batch, outcomes, data = {}, event = {}) {
      return JSON.stringify({
        specversion: '1.0',
        id: randomUUID(),
        source: 'urn:provider:TRUE',
        type: 'th.onde.saphan.whitelist.outcomes.v1',
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        ...event,
        data: { contract: '1.0', provider: 'TRUE', batch, outcomes, ...data },
      });
    },
    post({
      id = randomUUID(),
      at = Math.floor(Date.now() / 1000),
      body,
      headers = {},
      secret = ownSecret,
      signedBody,
    }) {
      const text = signedBody ?? (Buffer.isBuffer(body) ? body.toString('utf8') : body);
      return http.post(`${address}/v1/providers/TRUE/acknowledgements`, body, {
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': String(at),
          'webhook-signature': new Webhook(secret).sign(id, new Date(at * 1000), text),
          ...headers,
        },
      });
    },
    say(batch, outcomes, id) {
      return kit.post({ body: kit.event(batch, outcomes), ...(id === undefined ? {} : { id }) });
    },
    async batch(number) {
      const [found] = await query(
        hub.source,
        `SELECT state, said, heard::int, n_applied, n_already, n_rejected, n_retrying, n_uncertain FROM batch WHERE provider_id = $1 AND number = $2`,
        [providerId, number],
      );
      return found ?? {};
    },
    close: () => hub.close(),
  };
  return kit;
}

/** Tables in which bad input may leave a trace, or which move by themselves. */
const NOT_STATE = /^(set_aside|alert|provider_health|provider_lease|api_key|schema_migration)$/;

/** A hash of every row of every table of state, by table. */
export async function stateOf(hub: TestHub): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    hub.source,
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
     WHERE s.nspname = 'public' AND c.relkind = 'r' ORDER BY 1`,
  );
  const result: Record<string, string> = {};
  for (const { name } of tables) {
    if (NOT_STATE.test(name)) continue;
    const rows = await query<{ row: string }>(
      hub.source,
      `SELECT (to_jsonb(t) - 'health')::text AS row FROM "${name}" t ORDER BY 1`,
    );
    const hash = createHash('sha256');
    for (const { row } of rows) hash.update(row).update('\n');
    result[name] = `${rows.length} ${hash.digest('hex')}`;
  }
  return result;
}

/** Tables whose rows are others than before; none means that nothing moved. */
export async function movedSince(hub: TestHub, before: Record<string, string>): Promise<string[]> {
  const now = await stateOf(hub);
  return Object.keys(now).filter((name) => now[name] !== before[name]);
}
