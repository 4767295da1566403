// Strict reading of host names as vendors write them: plain, with a wildcard, as URL patterns, in other scripts.
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';

export interface HostName {
  kind: 'domain' | 'wildcard';
  /** Lower-case ASCII; a wildcard with `*.` before it. */
  value: string;
}

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Reads a host name or wildcard. `https://*.example.com/*` and `.example.com` become `*.example.com`; what cannot be
 * matched by a name (a path, a wildcard in the middle or without dot) is refused in words, and so is everything that
 * would free a whole public suffix (`*.co.th`, `*.cloudfront.net`).
 */
export function readName(text: string): HostName | { fault: string } {
  let name = text.trim();
  const scheme = /^https?:\/\//i.exec(name);
  if (scheme) name = name.slice(scheme[0].length);
  name = name.replace(/\/\*?$/, '');
  if (name.includes('/'))
    return { fault: 'has a path, which cannot be seen under TLS; name the host alone, if all of it may be free' };
  if (/:\d+$/.test(name)) return { fault: 'has a port; ports stand in a field of their own' };
  if (name.startsWith('.')) name = `*${name}`;
  const wildcard = name.startsWith('*.');
  const host = wildcard ? name.slice(2) : name;
  if (host.includes('*')) {
    return {
      fault: host.startsWith('*')
        ? 'has a wildcard without a dot after it, which would also match other owners’ names; write *.example.com'
        : 'has a wildcard in the middle of a name; only one at the beginning can be matched',
    };
  }
  const ascii = domainToASCII(host.replace(/\.$/, '')).toLowerCase();
  const labels = ascii.split('.');
  if (ascii === '' || ascii.length > 253 || labels.length < 2 || !labels.every((label) => LABEL.test(label)))
    return { fault: 'is no host name; write it like teams.microsoft.com' };
  const { publicSuffix, isIp, domain } = parse(ascii, { allowPrivateDomains: true });
  if (isIp) return { fault: 'is an address; write a network, like 52.112.0.0/14' };
  if (publicSuffix === ascii || domain === null)
    return { fault: `is a public suffix: everybody can have a name below ${ascii}` };
  return { kind: wildcard ? 'wildcard' : 'domain', value: wildcard ? `*.${ascii}` : ascii };
}

/** Whether pattern `wide` matches every host that `narrow` matches; both canonical. */
export function matchesAll(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return wide.startsWith('*.') && narrow.replace(/^\*\./, '').endsWith(wide.slice(1));
}
