// The deny list and size limits: data of the station, which a row of the database overrides.
import { readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { Problem, type Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import { recordAct } from './record-act.js';
import type { NetworkRules } from './reading/networks.js';
import { readName } from './reading/names.js';

export interface DeniedName {
  /** A host name or wildcard. What equals or covers it is denied; with `below`, everything under it too. */
  name: string;
  below?: boolean;
  reason: string;
  reasonTh: string;
}

export interface DestinationPolicy {
  /**
   * Whether two halves of a network become one. It saves a provider some rows (78 to 75 and 108 to 99 of all of Microsoft's
   * ranges of 2020022800), and the list no longer shows the vendor's own values; so it is off unless somebody runs out of rows.
   */
  joinNeighbours: boolean;
  networks: NetworkRules;
  limits: {
    /** Destinations in a list, at most. */
    destinations: number;
    /** IPv4 addresses that one app may free; goog.json would be 18 million. */
    ipv4AddressesPerApp: number;
  };
  /** Seconds after which a provider that does not enforce the version in force is told of. */
  behindAfterS: number;
  denied: DeniedName[];
}

const OWN = JSON.parse(readFileSync(new URL('./data/policy.json', import.meta.url), 'utf8')) as DestinationPolicy;

/** The policy of the station's own file. */
export function ownPolicy(): DestinationPolicy {
  return structuredClone(OWN);
}

export async function readPolicy(source: DataSource): Promise<DestinationPolicy> {
  const [row] = await query<{ policy: DestinationPolicy }>(
    source,
    'SELECT policy FROM destination_policy ORDER BY policy_id DESC LIMIT 1',
  );
  return row?.policy ?? ownPolicy();
}

/** Puts another policy in force, whole. What is published stays as it is. Throws Problem 422. */
export async function savePolicy(
  source: DataSource,
  policy: DestinationPolicy,
  actorId: number,
  reason: string,
): Promise<void> {
  const faults = faultsOf(policy);
  if (faults.length > 0) {
    throw new Problem(
      422,
      'policy-not-valid',
      'The policy is not valid',
      'Nothing was changed; correct what is listed.',
      {
        errors: faults.map((detail) => ({ code: 'policy', detail })),
      },
    );
  }
  await inTransaction(source, async (tx: Tx) => {
    await tx.query('INSERT INTO destination_policy (policy, reason, actor_id) VALUES ($1, $2, $3)', [
      JSON.stringify(policy),
      reason,
      actorId,
    ]);
    await recordAct(tx, { actorId, act: 'destinations.policy', subject: 'destinations:policy', reason });
  });
}

function faultsOf(policy: DestinationPolicy): string[] {
  const whole = (value: unknown, least: number, most: number): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
  const { networks, limits, denied, behindAfterS } = policy;
  const faults: string[] = [];
  if (!whole(networks?.leastPrefixV4, 1, 32)) faults.push('networks.leastPrefixV4: write a whole number from 1 to 32');
  if (!whole(networks?.leastPrefixV6, 1, 128))
    faults.push('networks.leastPrefixV6: write a whole number from 1 to 128');
  if (!whole(limits?.destinations, 1, 100_000))
    faults.push('limits.destinations: write a whole number from 1 to 100000');
  if (!whole(limits?.ipv4AddressesPerApp, 1, 2 ** 32)) faults.push('limits.ipv4AddressesPerApp: write a whole number');
  if (!whole(behindAfterS, 1, 30 * 86_400)) faults.push('behindAfterS: write seconds, from 1 to 2592000');
  if (typeof policy.joinNeighbours !== 'boolean') faults.push('joinNeighbours: write true or false');
  if (!Array.isArray(denied)) faults.push('denied: write a list, [] for nothing');
  else {
    denied.forEach((rule, i) => {
      const name: unknown = rule?.name;
      const read = typeof name === 'string' ? readName(name) : { fault: 'is absent; write a host name or wildcard' };
      // A public suffix cannot be free anyway, but may stand here so that the reason is said.
      if ('fault' in read && !read.fault.startsWith('is a public suffix'))
        faults.push(`denied[${i}].name ${read.fault}`);
      if (!rule?.reason || !rule.reasonTh) faults.push(`denied[${i}]: say why, in "reason" and "reasonTh"`);
    });
  }
  return faults;
}
