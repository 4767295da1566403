// JSON in the running text of a document: it parses once its ellipses are filled in, and the code reads it as a message.
import assert from 'node:assert/strict';
import type { SealedBatch, SealedPart } from '#contracts';
import { validateProfile, referenceProfile } from '#adapters';
import { judgeAsk, judgeHandOver, judgeHighest } from '../../libs/adapters/exchange/judge-answer.js';
import type { Exchange } from '../../libs/adapters/transports/webhook.js';

export interface InlineJson {
  /** From 1. */
  line: number;
  text: string;
}

/** What stands between backticks from its first `{"` on. */
export function inlineJson(markdown: string): InlineJson[] {
  let fenced = false;
  return markdown.split('\n').flatMap((row, i) => {
    if (/^ *```/.test(row)) fenced = !fenced;
    if (fenced) return [];
    return [...row.matchAll(/`[^`{]*(\{"[^`]*)`/g)].map((found) => ({ line: i + 1, text: found[1]! }));
  });
}

const SHA256 = 'a'.repeat(64);
const AT = new Date('2020-03-18T17:05:10Z');
const BATCH: SealedBatch = {
  provider: 'AIS',
  number: 42,
  kind: 'delta',
  fromSeq: 1,
  toSeq: 2,
  lineCount: 2,
  sealedAt: AT,
  sha256: SHA256,
};
const PART: SealedPart = { part: 1, parts: 1, first: 1, last: 2, bytes: Buffer.alloc(0), sha256: SHA256 };

type Message = Record<string, unknown>;

function answered(status: number, message: Message): Exchange {
  return { end: 'answered', status, headers: {}, body: Buffer.from(JSON.stringify(message)) };
}

/** Each message that a document may name in passing, and how the code takes it. */
const KNOWN: readonly ((message: Message) => boolean)[] = [
  // Answers to a hand-over.
  (message) =>
    only(message, ['batch', 'receipt', 'outcomes']) &&
    judgeHandOver(answered(message['outcomes'] ? 200 : 202, message), BATCH, PART, AT).result === 'accepted',
  (message) =>
    only(message, ['batch', 'receipt', 'sha256']) &&
    message['receipt'] === 'known' &&
    judgeHandOver(answered(409, message), BATCH, PART, AT).result === 'known',
  // Status of a batch, the highest number.
  (message) =>
    only(message, ['batch', 'state', 'sha256', 'outcomes']) && judgeAsk(answered(200, message), BATCH).answer === 'has',
  (message) =>
    only(message, ['provider', 'highestBatch', 'sha256', 'appliedSeq']) &&
    judgeHighest(answered(200, message), String(message['provider'])).said === 'number',
  // What the hub answers.
  (message) => only(message, ['accepted', 'setAside']) && Object.values(message).every(Number.isInteger),
  (message) => only(message, ['result']) && message['result'] === 'acknowledged',
  // A field of a profile.
  (message) =>
    only(message, ['form']) && validateProfile({ ...referenceProfile('AIS')!, destinations: message }) !== null,
];

function only(message: Message, names: readonly string[]): boolean {
  return Object.keys(message).every((name) => names.includes(name));
}

/** `{…}` is an object left out, `"…"` a hash, `a|b` one of the two, `?` behind a member that it may be absent. */
export function checkInlineJson(text: string): void {
  const filled = text
    .replace(/"outcomes":\{…\}/g, '"outcomes":{"default":"applied"}')
    .replace(/\{…\}/g, '{}')
    .replace(/"…"/g, `"${SHA256}"`)
    .replace(/("[^"]*")(?:\|"[^"]*")+/g, '$1')
    .replace(/\}\?/g, '}');
  let message: Message;
  try {
    message = JSON.parse(filled) as Message;
  } catch (error) {
    assert.fail(`it does not parse as JSON: ${(error as Error).message}`);
  }
  const read = KNOWN.some((known) => {
    try {
      return known(message);
    } catch {
      return false;
    }
  });
  assert.ok(
    read,
    'no message of the contract looks like this; correct it, or add its shape to test/docs/inline-json.ts',
  );
}
