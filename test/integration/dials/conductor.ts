// Whoever else is there while the dials are turned: the person who looks after refused keys, the outage of the hub that
// ends, and the hand that turns a dial back once it had its effect, where nothing would go on otherwise.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AxiosInstance } from 'axios';
import { query } from '#platform';
import { defaultDial, type DialChange } from '../../../apps/provider-sim/dial.js';
import type { EffectCounts } from '../../../apps/provider-sim/effects.js';
import type { TestHub } from '../../support/hub.js';
import { CODES, DIALS, type Code } from './turned.js';

const LOOK_MS = 150;
/** Nobody listens at the discard port of loopback: a hub that is away. */
const AWAY = 'http://127.0.0.1:9';

/** A refused key or log-in needs a person. Anything else that stops a provider is a fault of ours: it stays stopped. */
const NEEDS_PERSON = /^the provider refuses us: /;

/** Members that are shares of occasions, not sizes, times or words: they can be raised until they have their effect. */
const SHARE =
  /^(faults\.|(reject|retryLater)\.share$|answer\.(repeat|reorder|omit|contradict|unknownBatch|shifted|badSignature)$|orders\.(loseSubscriptions|conflict|earlyEvents)$|pull\.(loses|cut|stale)$|silence$|poison$)/;
/** What a share is raised to. One line that cannot be read costs a dozen batches, and too many of them stop a provider. */
const raisedTo = (leaf: string): number => (leaf === 'poison' ? 0.01 : 0.6);

/** `{ answer: { omit: 0.6 } }` of `answer.omit` and 0.6. */
function changeOf(leaf: string, value: number): DialChange {
  const [group = '', member] = leaf.split('.');
  return member === undefined ? { [group]: value } : { [group]: { [member]: value } };
}

/** Members that are turned back when they had their effect. */
const BACK: [code: Code | 'all', leaf: string, back: DialChange][] = [
  ['all', 'destinations.fail', { destinations: { fail: 0 } }],
  ['DTAC', 'destinations.partial', { destinations: { partial: 0 } }],
  ['3BB', 'pull.fetching', { pull: { fetching: 'on' } }],
  ['3BB', 'pull.gzip', { pull: { gzip: 'on' } }],
];

/**
 * How a dial stands before there are batches: a hub that starts asks for the highest number, and a list whose log-in was
 * refused waits for a person longer than a test does.
 */
export const AT_FIRST: Partial<Record<Code, DialChange>> = {
  AIS: { statusQuery: 'on' },
  CAT: { faults: { unauthorized: 0 } },
  TOT: { faults: { unauthorized: 0 } },
};

export interface Conductor {
  /** How often a person let a provider be sent to again, by provider. */
  readonly looked: Partial<Record<Code, number>>;
  /** What went wrong in the conductor itself. */
  readonly faults: unknown[];
  /** Raises these members of a provider until they had their effect; then they are turned off. */
  raise(code: Code, leaves: readonly string[]): void;
  stop(): void;
}

export const effectsOf = (hub: TestHub, code: Code): EffectCounts =>
  hub.simulator.get(code).state()['effects'] as EffectCounts;

/** @param http a key that may resume; @param address where the hub really is */
export function conduct(hub: TestHub, http: AxiosInstance, address: string): Conductor {
  const looked: Conductor['looked'] = {};
  const faults: unknown[] = [];
  const begun = new Set<Code>();
  const back = new Set<string>();
  const raised = new Map<Code, Set<string>>();
  let outage: 'toCome' | 'now' | 'over' = 'toCome';
  let busy = false;

  async function look(): Promise<void> {
    for (const code of CODES) {
      for (const [whose, leaf, change] of BACK) {
        const key = `${code} ${leaf}`;
        if ((whose !== 'all' && whose !== code) || back.has(key) || !effectsOf(hub, code)[leaf]) continue;
        back.add(key);
        hub.simulator.get(code).turn(change);
      }
    }
    for (const code of CODES) {
      if (begun.has(code) || hub.simulator.get(code).provider.highestBatch === 0) continue;
      begun.add(code);
      if (AT_FIRST[code]) hub.simulator.get(code).turn(DIALS[code]);
    }
    for (const [code, leaves] of raised) {
      for (const leaf of leaves) {
        if (!effectsOf(hub, code)[leaf]) continue;
        leaves.delete(leaf);
        hub.simulator.get(code).turn(changeOf(leaf, 0));
      }
    }
    const { waiting = 0 } = hub.simulator.get('TRUE').state()['callbacks'] as { waiting?: number };
    if (outage === 'toCome' && waiting > 0) {
      outage = 'now';
      hub.simulator.setHub(AWAY);
    } else if (outage === 'now' && effectsOf(hub, 'TRUE')['answer.retryForSeconds']) {
      outage = 'over';
      hub.simulator.setHub(address);
    }
    const stopped = await query<{ code: Code; reason: string }>(
      hub.source,
      'SELECT code, pause_reason AS reason FROM provider JOIN provider_stream USING (provider_id) WHERE paused_at IS NOT NULL',
    );
    for (const { code } of stopped.filter((one) => NEEDS_PERSON.test(one.reason))) {
      await http.post(`/v1/providers/${code}/resume`, { reason: 'their key is in order again' });
      looked[code] = (looked[code] ?? 0) + 1;
    }
  }

  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look()
      .catch((error: unknown) => faults.push(error))
      .finally(() => (busy = false));
  }, LOOK_MS);
  return {
    looked,
    faults,
    raise(code, leaves) {
      const shares = leaves.filter((leaf) => SHARE.test(leaf));
      raised.set(code, new Set(shares));
      const { turn } = hub.simulator.get(code);
      // Several faults never happen at once: those that are missing share all occasions among them.
      const kinds = shares.filter((leaf) => leaf.startsWith('faults.'));
      if (kinds.length > 0) turn({ faults: defaultDial().faults });
      for (const leaf of shares) turn(changeOf(leaf, kinds.includes(leaf) ? 0.95 / kinds.length : raisedTo(leaf)));
    },
    stop: () => clearInterval(timer),
  };
}

/** Another client of the provider that listens to its orders, too. Returns where it listens. */
export async function otherListener(): Promise<{ address: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
