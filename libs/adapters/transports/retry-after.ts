// Reads `Retry-After` (RFC 9110 section 10.2.3): seconds or an HTTP date, clamped to what the hub is willing to wait.

/** Longest wait that a provider can ask for; a longer one is a person's business. */
export const LONGEST_WAIT_S = 6 * 3600;

/** Seconds to wait, from 1 to `LONGEST_WAIT_S`; null when absent, unreadable, or a date that has passed. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return clamp(Number(text));
  // Only the two forms with a weekday are dates here: Date.parse also takes "-5" or "2020".
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at) || at <= now.getTime()) return null;
  return clamp(Math.ceil((at - now.getTime()) / 1000));
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, 1), LONGEST_WAIT_S);
}
