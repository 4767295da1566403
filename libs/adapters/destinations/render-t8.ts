// A version of the destination list as 3GPP T8 packet flow descriptions (TS 29.122 PfdManagement). Pure.
// One kind of filter per PFD: whether several in one PFD are AND-ed is not said where we could read it.
import { createHash } from 'node:crypto';
import type { Destination } from '#contracts';

export interface Pfd {
  pfdId: string;
  flowDescriptions?: string[];
  domainNames?: string[];
  dnProtocol?: 'TLS_SNI';
}

export interface PfdData {
  externalAppId: string;
  allowedDelay: number;
  pfds: Record<string, Pfd>;
}

/** IP protocol numbers of IPFilterRule (RFC 6733 section 4.3.1). */
const PROTOCOLS = { tcp: '6', udp: '17', any: 'ip' } as const;

/** `permit out 17 from 52.112.0.0/14 3478-3481 to any`: one network and protocol each. */
export function flowDescriptions({ value, flows }: Pick<Destination, 'value' | 'flows'>): string[] {
  return flows.map(
    ({ proto, ports }) =>
      `permit out ${PROTOCOLS[proto]} from ${value}${ports.length > 0 ? ` ${ports.join(',')}` : ''} to any`,
  );
}

/** A name as it is, a wildcard as an anchored regular expression with its dots escaped. */
export function domainName({ kind, value }: Pick<Destination, 'kind' | 'value'>): string {
  return kind === 'wildcard' ? `^.+\\.${value.slice(2).replaceAll('.', '\\.')}$` : value;
}

/** The external application id of an app. */
export function applicationId(app: string): string {
  return `wah-${app}`;
}

/** Every app as one application: IPv4, IPv6 and names in PFDs of their own. By application id. */
export function applicationsOf(entries: readonly Destination[], allowedDelayS: number): Map<string, PfdData> {
  const applications = new Map<string, PfdData>();
  for (const app of new Set(entries.map((one) => one.app))) {
    const own = entries.filter((one) => one.app === app);
    const networks = own.filter((one) => one.kind === 'cidr');
    const pfds: Pfd[] = [
      {
        pfdId: `${app}-v4`,
        flowDescriptions: networks.filter((one) => !one.value.includes(':')).flatMap(flowDescriptions),
      },
      {
        pfdId: `${app}-v6`,
        flowDescriptions: networks.filter((one) => one.value.includes(':')).flatMap(flowDescriptions),
      },
      {
        pfdId: `${app}-names`,
        domainNames: own.filter((one) => one.kind !== 'cidr').map(domainName),
        dnProtocol: 'TLS_SNI',
      },
    ];
    const filled = pfds.filter((pfd) => (pfd.flowDescriptions ?? pfd.domainNames ?? []).length > 0);
    const externalAppId = applicationId(app);
    applications.set(externalAppId, {
      externalAppId,
      allowedDelay: allowedDelayS,
      pfds: Object.fromEntries(filled.map((pfd) => [pfd.pfdId, pfd])),
    });
  }
  return applications;
}

/** What an application's content is compared by. */
export function applicationHash(data: PfdData): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}
