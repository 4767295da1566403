// Reads the CloudEvent of a whitelist batch; refuses it whole, with a code, when its envelope is not what the contract says.
import { type IncomingPart, type ProviderCode, RefusedError, type WireLine } from '../words.js';

const TYPE = 'th.onde.saphan.whitelist.batch.v1';

type Loose = Record<string, unknown>;

function refuse(status: 400 | 422, code: string, detail: string): never {
  throw new RefusedError({ status, code, fileCode: 'E101', detail });
}

/** A part whose members are there and agree; its lines are only known to be objects. Throws RefusedError. */
export function parseEvent(text: string, sha256: string, provider: ProviderCode): IncomingPart {
  let event: Loose;
  try {
    event = JSON.parse(text) as Loose;
  } catch {
    refuse(400, 'NOT_JSON', 'the body is not JSON');
  }
  if (typeof event !== 'object' || event === null) refuse(400, 'NOT_CLOUDEVENT', 'the body is not an object');
  if (event['specversion'] !== '1.0' || event['type'] !== TYPE) {
    refuse(422, 'NOT_CLOUDEVENT', `specversion must be 1.0 and type ${TYPE}`);
  }
  for (const name of ['id', 'source', 'time']) {
    if (typeof event[name] !== 'string' || event[name] === '') refuse(422, 'NOT_CLOUDEVENT', `${name} must be a text`);
  }
  const data = event['data'] as Loose | undefined;
  if (typeof data !== 'object' || data === null) refuse(422, 'NO_DATA', 'data is missing');
  if (data['provider'] !== provider || event['subject'] !== provider) {
    refuse(422, 'WRONG_PROVIDER', `this is ${provider}; subject and data.provider must say so`);
  }
  return checkedData(event, data, sha256);
}

function checkedData(event: Loose, data: Loose, sha256: string): IncomingPart {
  if (!/^1\.\d+$/.test(String(data['contract']))) refuse(422, 'UNSUPPORTED_CONTRACT', 'data.contract must be 1.x');
  const kind = data['kind'];
  if (kind !== 'delta' && kind !== 'full') refuse(422, 'UNKNOWN_KIND', 'data.kind must be delta or full');
  const whole = (name: string, least: number): number => {
    const value = data[name];
    if (!Number.isSafeInteger(value) || (value as number) < least)
      refuse(422, 'BAD_NUMBER', `data.${name} must be a whole number from ${least}`);
    return value as number;
  };
  const batch = whole('batch', 1);
  const parts = whole('parts', 1);
  const part = whole('part', 1);
  if (part > parts) refuse(422, 'BAD_NUMBER', 'data.part is above data.parts');
  const sequence = String(batch).padStart(9, '0');
  if (event['sequence'] !== sequence) refuse(422, 'SEQUENCE_DIFFERS', `sequence must be "${sequence}"`);
  const fromSeq = whole('fromSeq', 0);
  const toSeq = whole('toSeq', 0);
  const lines = data['lines'];
  if (!Array.isArray(lines)) refuse(422, 'NO_LINES', 'data.lines must be a list');
  if (whole('count', 0) !== lines.length)
    refuse(422, 'COUNT_MISMATCH', `count is ${data['count'] as number}, there are ${lines.length} lines`);
  for (const line of lines) {
    if (typeof line !== 'object' || line === null) refuse(422, 'BAD_LINE', 'a line is not an object');
  }
  return { batch, kind, part, parts, fromSeq, toSeq, sha256, lines: lines as WireLine[] };
}
