// Makes what a provider or the network said fit for logs and screens: short, one line, no numbers of people.

const LONGEST = 200;

/**
 * A provider's own words, bounded, without control characters, and with every run of six or more digits (also written
 * with spaces or dashes) masked, because providers like to repeat the phone number that they complain about.
 */
export function quoted(text: string): string {
  const oneLine = text
    .slice(0, LONGEST * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\+?\p{Nd}(?:[ .()-]{0,2}\p{Nd}){5,}/gu, '***')
    .trim();
  return oneLine.length > LONGEST ? `${oneLine.slice(0, LONGEST)}…` : oneLine;
}

/** What a body looks like when it is not what was expected: `HTML`, `an empty body`, … */
export function looksLike(body: Buffer): string {
  if (body.length === 0) return 'an empty body';
  const start = body.subarray(0, 200).toString('latin1').trimStart().toLowerCase();
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'an HTML page';
  if (start.startsWith('<')) return 'XML or HTML';
  if (body[0] === 0x1f && body[1] === 0x8b) return 'gzip data without Content-Encoding: gzip';
  return 'no JSON';
}
