// Renders a part of a batch as one structured CloudEvent (docs/providers/contract.md, "Webhook").
import type { BatchHeader, BatchLine } from '#contracts';
import { CONTRACT_VERSION, nineDigits, type BatchFormat } from './format.js';

export const BATCH_EVENT_TYPE = 'th.onde.saphan.whitelist.batch.v1';

/** Identity of one part of one batch, constant over retries: id of the event and `webhook-id` of the request. */
export function partId(header: { provider: string; number: number; part: number }): string {
  return `${header.provider}-${nineDigits(header.number)}-${header.part}`;
}

// Anything that JSON must escape; what does not match is written as it is, which is several times faster.
// eslint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

function text(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** Lines joined at a time: keeps intermediate strings short-lived and flat. */
const CHUNK = 2_000;

export const cloudEvents: BatchFormat = {
  contentType: 'application/cloudevents+json; charset=utf-8',

  render(header: BatchHeader, lines: readonly BatchLine[]): Buffer {
    const head = JSON.stringify({
      specversion: '1.0',
      id: partId(header),
      source: 'urn:saphan:hub',
      type: BATCH_EVENT_TYPE,
      subject: header.provider,
      time: header.sealedAt.toISOString(),
      datacontenttype: 'application/json',
      sequence: nineDigits(header.number),
      data: {
        contract: CONTRACT_VERSION,
        provider: header.provider,
        batch: header.number,
        kind: header.kind,
        part: header.part,
        parts: header.parts,
        fromSeq: header.fromSeq,
        toSeq: header.toSeq,
        count: header.count,
      },
    });
    // The head is closed twice (data and event): reopened here, so that lines are its last member.
    const pieces: Buffer[] = [];
    let out = `${head.slice(0, -2)},"lines":[`;
    // Packages are few and repeat; their JSON is made once.
    const packages = new Map<string, string>();
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      out += i === 0 ? '\n{"n":' : ',\n{"n":';
      out += line.n;
      out += line.op === 'ADD' ? ',"op":"ADD","ref":' : ',"op":"REMOVE","ref":';
      out += text(line.ref);
      out += ',"seq":';
      out += line.seq;
      out += line.access === 'MB' ? ',"access":"MB","line":' : ',"access":"FB","line":';
      out += text(line.line);
      if (line.op === 'ADD') {
        if (line.package !== null) {
          let member = packages.get(line.package);
          if (member === undefined) {
            member = `,"package":${JSON.stringify(line.package)}`;
            packages.set(line.package, member);
          }
          out += member;
        }
        if (line.from !== null) out += `,"from":${text(line.from)}`;
        if (line.to !== null) out += `,"to":${text(line.to)}`;
      }
      out += '}';
      if (i % CHUNK === CHUNK - 1) {
        pieces.push(Buffer.from(out));
        out = '';
      }
    }
    pieces.push(Buffer.from(`${out}]}}`));
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  },
};
