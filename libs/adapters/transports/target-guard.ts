// Decides which addresses the hub may connect to: public ones, and non-public networks that the configuration names.
import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** `allowed` = not public, but named by the configuration. */
export type AddressVerdict = 'public' | 'allowed' | 'refused';

/** Networks of this machine itself, for the demo, simulators and tests. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** Loopback and the networks of an organisation; link-local (cloud metadata services) stays refused. */
export const PRIVATE_NETWORKS: readonly string[] = [
  ...LOOPBACK_NETWORKS,
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

// IANA special-purpose address registries; of IPv6 only 2000::/3 is global unicast at all.
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const GLOBAL_V6 = ['2000::/3'];
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** The connection was not even tried, because the target's address is not one that the hub may connect to. */
export class TargetRefused extends Error {
  readonly code = 'ETARGETREFUSED';
  constructor(reason: string) {
    super(reason);
    this.name = 'TargetRefused';
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    const family = isIP(address);
    const bits = Number(prefix);
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || bits > (family === 4 ? 32 : 128)) {
      throw new Error(`allowedNetworks: "${network}" is not a network; write it like 127.0.0.0/8 or fd00::/8`);
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

const notPublicV4 = listOf(NOT_PUBLIC_V4);
const globalV6 = listOf(GLOBAL_V6);
const notPublicV6 = listOf(NOT_PUBLIC_V6);

/** `::ffff:a.b.c.d` in any spelling as plain IPv4; other addresses as they are, without a zone. */
function plain(address: string): string {
  const bare = address.split('%')[0]!;
  if (isIP(bare) !== 6) return bare;
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const high = parseInt(mapped[1]!, 16);
  const low = parseInt(mapped[2]!, 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

export interface TargetGuard {
  judge(address: string): AddressVerdict;
  /** Throws `TargetRefused` when `host` is a literal address that may not be used; names are judged when resolved. */
  checkLiteral(host: string, need: 'any' | 'allowed'): void;
  /**
   * For sockets: resolves and hands on only addresses that may be used, so that what was judged is what is connected to
   * and a name that changes its address in between (DNS rebinding) gains nothing. `allowed` = only configured networks,
   * for plain HTTP, which must not cross a public network.
   */
  lookup(need: 'any' | 'allowed'): LookupFunction;
}

/** @param allowedNetworks non-public networks in CIDR form that may be connected to. Throws when one is malformed. */
export function makeTargetGuard(
  allowedNetworks: readonly string[],
  resolve: typeof dnsLookup = dnsLookup,
): TargetGuard {
  const allowed = listOf(allowedNetworks);

  function judge(address: string): AddressVerdict {
    const bare = plain(address);
    const family = isIP(bare);
    if (family === 0) return 'refused';
    if (allowed.check(bare, family === 4 ? 'ipv4' : 'ipv6')) return 'allowed';
    const open =
      family === 4 ? !notPublicV4.check(bare) : globalV6.check(bare, 'ipv6') && !notPublicV6.check(bare, 'ipv6');
    return open ? 'public' : 'refused';
  }

  const usable = (address: string, need: 'any' | 'allowed'): boolean => {
    const verdict = judge(address);
    return verdict === 'allowed' || (need === 'any' && verdict === 'public');
  };

  const refusal = (need: 'any' | 'allowed'): TargetRefused =>
    new TargetRefused(
      need === 'any'
        ? 'the target has a private, loopback or link-local address; name its network in allowedNetworks if that is meant'
        : 'plain http is only for networks named in allowedNetworks; use https',
    );

  return {
    judge,
    checkLiteral(host, need) {
      const bare = host.replace(/^\[|\]$/g, '');
      if (isIP(bare) !== 0 && !usable(bare, need)) throw refusal(need);
    },
    lookup(need) {
      return (hostname, options, callback) => {
        resolve(hostname, { ...options, all: true }, (error, found) => {
          const addresses = found ?? [];
          if (error) return callback(error, '');
          const good = addresses.filter((one) => usable(one.address, need));
          const first = good[0];
          if (!first) return callback(refusal(need), '');
          return options.all ? callback(null, good) : callback(null, first.address, first.family);
        });
      };
    },
  };
}
