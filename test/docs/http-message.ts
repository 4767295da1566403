// Reads an HTTP request or answer as it stands in a document.
import assert from 'node:assert/strict';

export interface HttpMessage {
  /** `POST /path HTTP/1.1` or `HTTP/1.1 200 OK`. */
  start: string;
  status: number | null;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
}

/** Throws when it is none, or `Content-Length` is not the length of the body. */
export function httpMessage(text: string): HttpMessage {
  const at = text.indexOf('\n\n');
  const [start = '', ...lines] = (at < 0 ? text : text.slice(0, at)).split('\n');
  assert.match(start, /^(?:HTTP\/1\.1 \d{3} \S.*|(?:GET|POST|DELETE) \/\S* HTTP\/1\.1)$/);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const found = /^([A-Za-z-]+): (.+)$/.exec(line);
      assert.ok(found, `"${line}" is no header`);
      return [found[1]!.toLowerCase(), found[2]!] as const;
    }),
  );
  const body = Buffer.from(at < 0 ? '' : text.slice(at + 2));
  if (headers['content-length'] !== undefined) assert.equal(Number(headers['content-length']), body.length);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(start)?.[1];
  return { start, status: status === undefined ? null : Number(status), headers, body };
}
