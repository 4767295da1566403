// Strict reading of networks: a typing error in one digit can free half the internet, so nothing is guessed.
import ipaddr from 'ipaddr.js';

export interface Network {
  value: string;
  family: 4 | 6;
  prefix: number;
}

export interface NetworkRules {
  leastPrefixV4: number;
  leastPrefixV6: number;
}

/** The library has its table of special networks on every address, and does not speak of it in its types. */
type Address = (ipaddr.IPv4 | ipaddr.IPv6) & {
  SpecialRanges?: Record<string, [Address, number] | [Address, number][]>;
};

/** Special networks of RFC 6890 and its successors, as the library lists them. */
function specialNetworks(address: Address): [string, [Address, number]][] {
  if (!address.SpecialRanges) throw new Error('ipaddr.js has lost its table of special networks');
  return Object.entries(address.SpecialRanges).flatMap(([name, one]) =>
    ((Array.isArray(one[0]) ? one : [one]) as [Address, number][]).map((each): [string, [Address, number]] => [
      name,
      each,
    ]),
  );
}

/**
 * Reads a CIDR. Returns it in canonical form, or the fault in words: no prefix length, host bits set, wider than the
 * rules allow, or overlapping a private, reserved or multicast network.
 */
export function readNetwork(text: string, rules: NetworkRules): Network | { fault: string } {
  const found = /^([0-9a-fA-F:.]{2,45})\/(\d{1,3})$/.exec(text.trim());
  if (!found) return { fault: 'is no network; write it like 52.112.0.0/14 or 2603:1006::/40' };
  const [, host = '', length = ''] = found;
  const family = host.includes(':') ? 6 : 4;
  if (family === 4 ? !ipaddr.IPv4.isValidFourPartDecimal(host) : !ipaddr.IPv6.isValid(host))
    return { fault: 'is no address; four numbers from 0 to 255, or IPv6' };
  const address: Address = family === 4 ? ipaddr.IPv4.parse(host) : ipaddr.IPv6.parse(host);
  const bits = family === 4 ? 32 : 128;
  const prefix = Number(length);
  if (prefix > bits || (length.length > 1 && length.startsWith('0')))
    return { fault: `the prefix length goes from 0 to ${bits}, without a leading zero` };
  const least = family === 4 ? rules.leastPrefixV4 : rules.leastPrefixV6;
  if (prefix < least) return { fault: `is wider than /${least}, the widest that is taken for IPv${family}` };
  const base = networkOf(address, prefix);
  if (base.toString() !== address.toString())
    return { fault: `has host bits; the network is ${base.toString()}/${prefix}` };
  for (const [name, [special, width]] of specialNetworks(address)) {
    const narrower = Math.min(prefix, width);
    if (name !== 'unicast' && networkOf(special, narrower).toString() === networkOf(address, narrower).toString())
      return { fault: `overlaps ${special.toString()}/${width}, which is no public network (${name})` };
  }
  return { value: `${base.toString()}/${prefix}`, family, prefix };
}

function networkOf(address: Address, prefix: number): Address {
  const bytes = address.toByteArray();
  for (let i = 0; i < bytes.length; i++) {
    const keep = Math.min(8, Math.max(0, prefix - i * 8));
    bytes[i] = (bytes[i] ?? 0) & (0xff << (8 - keep)) & 0xff;
  }
  return ipaddr.fromByteArray(bytes);
}

/** Whether network `wide` holds all of `narrow`; both canonical. */
export function covers(wide: string, narrow: string): boolean {
  const [a, lengthA] = ipaddr.parseCIDR(wide);
  const [b, lengthB] = ipaddr.parseCIDR(narrow);
  if (a.kind() !== b.kind() || lengthA > lengthB) return false;
  return networkOf(b, lengthA).toString() === a.toString();
}

/** The network of twice the size that holds this one. */
export function parentOf(value: string): string {
  const [address, length] = ipaddr.parseCIDR(value);
  return `${networkOf(address, length - 1).toString()}/${length - 1}`;
}

/** Addresses of an IPv4 network; 0 for IPv6, whose sizes say nothing of traffic. */
export function addressesOf(value: string): number {
  return value.includes(':') ? 0 : 2 ** (32 - Number(value.split('/')[1]));
}

/** Sorts networks by family, address and width, as people look for them. */
export function compareNetworks(a: string, b: string): number {
  const [x, widthX] = ipaddr.parseCIDR(a);
  const [y, widthY] = ipaddr.parseCIDR(b);
  const [bytesX, bytesY] = [x.toByteArray(), y.toByteArray()];
  if (bytesX.length !== bytesY.length) return bytesX.length - bytesY.length;
  for (let i = 0; i < bytesX.length; i++) {
    const difference = (bytesX[i] ?? 0) - (bytesY[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return widthX - widthY;
}
