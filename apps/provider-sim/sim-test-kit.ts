// What the specs of the simulators share: a little hub that sends batches and takes callbacks. Not used outside tests.
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { sha256 } from './book/book.js';
import type { SimulatedProvider } from './simulator.js';
import type { Kind, Outcomes, WireLine } from './words.js';

/** A ref that stays the same for the same number. */
export function refOf(number: number): string {
  return `0198f0c2-7a31-7c55-8d2f-${number.toString(16).padStart(12, '0')}`;
}

/** An ADD of entry `number` at position `n` with `seq`. */
export function addLine(number: number, n: number, seq: number, change: Partial<WireLine> = {}): WireLine {
  return {
    n,
    op: 'ADD',
    ref: refOf(number),
    seq,
    access: 'MB',
    line: `+668${String(10_000_000 + number)}`,
    package: 'WAH-MB',
    from: '2020-03-19',
    to: '2020-06-30',
    ...change,
  };
}

export function removeLine(number: number, n: number, seq: number): WireLine {
  return { n, op: 'REMOVE', ref: refOf(number), seq, access: 'MB', line: `+668${String(10_000_000 + number)}` };
}

/** Adds of entries `from`..`from+count-1`, whose seqs begin at `seq`. */
export function addLines(from: number, count: number, seq = from, firstN = 1): WireLine[] {
  return Array.from({ length: count }, (_, i) => addLine(from + i, firstN + i, seq + i));
}

export interface BatchOptions {
  kind?: Kind;
  part?: number;
  parts?: number;
  fromSeq?: number;
  toSeq?: number;
  data?: Record<string, unknown>;
  event?: Record<string, unknown>;
}

export function eventBody(code: string, batch: number, lines: WireLine[], options: BatchOptions = {}): string {
  const { kind = 'delta', part = 1, parts = 1 } = options;
  const seqs = lines.map((line) => line.seq);
  return JSON.stringify({
    specversion: '1.0',
    id: `${code}-${String(batch).padStart(9, '0')}-${part}`,
    source: 'urn:saphan:hub',
    type: 'th.onde.saphan.whitelist.batch.v1',
    subject: code,
    time: '2020-03-18T17:05:10.000Z',
    datacontenttype: 'application/json',
    sequence: String(batch).padStart(9, '0'),
    ...options.event,
    data: {
      contract: '1.0',
      provider: code,
      batch,
      kind,
      part,
      parts,
      fromSeq: options.fromSeq ?? Math.min(...seqs),
      toSeq: options.toSeq ?? Math.max(...seqs),
      count: lines.length,
      lines,
      ...options.data,
    },
  });
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: {
    batch?: number;
    receipt?: string;
    sha256?: string;
    outcomes?: Outcomes;
    code?: string;
    state?: string;
    highestBatch?: number;
    appliedSeq?: number;
  };
  text: string;
}

/** One HTTP request; rejects when the connection is cut or `timeoutMs` is over. */
export function call(
  address: string,
  method: string,
  body: string | Buffer,
  headers: Record<string, string>,
  timeoutMs = 5_000,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json =
          String(response.headers['content-type']).includes('json') &&
          !String(response.headers['content-type']).includes('ndjson');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: json ? (JSON.parse(text) as Answer['body']) : {},
          text,
        });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('timed out')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function signed(secret: string, id: string, body: string): Record<string, string> {
  const at = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

/** Posts `body` as batch `batch` part `part`, signed as the hub signs. */
export function post(
  sim: SimulatedProvider,
  batch: number,
  body: string,
  { part = 1, gzip = false, timeoutMs = 5_000 } = {},
): Promise<Answer> {
  const headers = {
    ...signed(sim.hubSecrets[0]!, `${sim.code}-${String(batch).padStart(9, '0')}-${part}`, body),
    'content-type': 'application/cloudevents+json; charset=utf-8',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  };
  return call(`${sim.address.target}/whitelist/batches`, 'POST', gzip ? gzipSync(body) : body, headers, timeoutMs);
}

/** Sends a batch of lines. */
export function send(
  sim: SimulatedProvider,
  batch: number,
  lines: WireLine[],
  options: BatchOptions & { gzip?: boolean; timeoutMs?: number } = {},
): Promise<Answer> {
  return post(sim, batch, eventBody(sim.code, batch, lines, options), options);
}

export function ask(sim: SimulatedProvider, path: string): Promise<Answer> {
  return call(`${sim.address.target}${path}`, 'GET', '', signed(sim.hubSecrets[0]!, randomUUID(), ''));
}

export function control(sim: SimulatedProvider, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(`${sim.control}${path}`, method, body === undefined ? '' : JSON.stringify(body), {
    'content-type': 'application/json',
  });
}

export interface Received {
  batch: number;
  outcomes: Outcomes;
  id: string;
  verified: 'good' | 'bad';
}

/** A hub that takes callbacks; `answer` may say another status. */
export interface TestHub {
  address: string;
  received: Received[];
  answer: () => number;
  /** Resolves when the condition holds; the test runner's own limit ends a wait in vain. */
  until: typeof until;
  close: () => Promise<void>;
}

/** Looks every 5 ms whether the condition holds; a minute in vain is an error. */
export async function until(condition: () => unknown): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 12_000) throw new Error('waited a minute in vain');
    await sleep(5);
  }
}

export async function openHub(secretOf: () => string): Promise<TestHub> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const status = hub.answer();
      res.writeHead(status).end('{}');
      if (status >= 300) return;
      hub.received.push(read(Buffer.concat(chunks).toString(), req.headers, secretOf()));
    });
  });
  const hub: TestHub = {
    address: '',
    received: [],
    answer: () => 202,
    until,
    close: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  hub.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function read(text: string, headers: IncomingMessage['headers'], secret: string): Received {
  const event = JSON.parse(text) as { id: string; data: { batch: number; outcomes: Outcomes } };
  let verified: Received['verified'] = 'good';
  try {
    new Webhook(secret).verify(text, headers as Record<string, string>);
  } catch {
    verified = 'bad';
  }
  return { batch: event.data.batch, outcomes: event.data.outcomes, id: event.id, verified };
}

/** Outcome word by position, later words after earlier ones; what is not answered is absent. */
export function wordsOf(received: readonly { outcomes: Outcomes }[]): Map<number, string> {
  const words = new Map<number, string>();
  for (const { outcomes } of received) {
    if (outcomes.default !== undefined)
      for (let n = outcomes.first; n <= outcomes.last; n++) words.set(n, outcomes.default);
    for (const one of outcomes.except) words.set(one.n, one.outcome);
  }
  return words;
}

/** The file of a batch as the hub writes it. */
export function batchFile(
  code: string,
  batch: number,
  lines: WireLine[],
  options: BatchOptions = {},
): { name: string; text: string } {
  const { kind = 'delta', part = 1, parts = 1 } = options;
  const seqs = lines.map((line) => line.seq);
  const word = kind === 'full' ? 'FUL' : 'SUB';
  const number = String(batch).padStart(6, '0');
  const range = `from=${options.fromSeq ?? Math.min(...seqs)}|to=${options.toSeq ?? Math.max(...seqs)}|parts=${part}/${parts}`;
  let text = `H|WAH|1.0|${word}|ONDE|${code}|${number}|2020-03-18T17:05:10Z|${range}\n`;
  for (const one of lines) {
    text += `D|${one.n}|${one.op}|${one.ref}|${one.seq}|${one.access}|${one.line}|${one.package ?? ''}|${one.from ?? ''}|${one.to ?? ''}\n`;
  }
  const adds = lines.filter((line) => line.op === 'ADD').length;
  text += `T|${lines.length}|ADD=${adds}|REMOVE=${lines.length - adds}|sha256=${sha256(text)}\n`;
  return { name: `WAH_${word}_ONDE_${code}_20200319_${number}${parts > 1 ? `-${part}` : ''}.csv`, text };
}
