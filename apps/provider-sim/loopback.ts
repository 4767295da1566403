// Refuses every address that is not this machine: simulated numbers can be real people's.
import { isIP } from 'node:net';

/** Thrown before anything is opened; the message says which setting is wrong and what to write. */
export class NotLoopbackError extends Error {
  constructor(what: string, host: string) {
    super(
      `${what} is "${host}", which is not a loopback address. The provider simulators hold and send invented numbers that ` +
        "may be real people's, so they only run beside a hub on this machine: use 127.0.0.1, [::1] or localhost.",
    );
    this.name = 'NotLoopbackError';
  }
}

/** True for 127.0.0.0/8, ::1, its IPv4-mapped form, and the name localhost; no other name is looked up or trusted. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  const kind = isIP(bare);
  if (kind === 4) return bare.startsWith('127.');
  if (kind === 6) return bare === '::1' || /^::ffff:(127\.|7f[0-9a-f]{2}:)/.test(bare);
  return false;
}

/** Throws NotLoopbackError unless `host` is this machine; `what` names the setting in the message. */
export function assertLoopbackHost(what: string, host: string): void {
  if (!isLoopbackHost(host)) throw new NotLoopbackError(what, host);
}

/** Parses an http(s) address and throws unless it is well formed and on this machine; returns it without a slash at the end. */
export function loopbackUrl(what: string, address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new Error(`${what} is not an address; write for example http://127.0.0.1:3000`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`${what} must begin with http:// or https://, for example http://127.0.0.1:3000`);
  }
  assertLoopbackHost(what, url.hostname);
  return url.href.replace(/\/+$/, '');
}
