// A simulated provider as counterpart of the conformance suite.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { LOOPBACK_NETWORKS, makeAdapter, referenceProfile, withEndpoint, type AdapterNotice } from '#adapters';
import { Problem, type IncomingAnswer, type ProviderAdapter } from '#contracts';
import type { Ability, Counterpart, Temper } from '../../../libs/adapters/conformance/counterpart.js';
import { assertWitnessed, ORDER_TALK, tmf641Witness } from '../../support/tmf641-schema.js';
import { privatePgp, publicPgp } from '../../../apps/standalone/simulated-providers.js';
import { startSimulator, type SimulatedProvider } from '../../../apps/provider-sim/simulator.js';
import type { DialChange } from '../../../apps/provider-sim/dial.js';
import type { ProviderCode } from '../../../apps/provider-sim/words.js';

/** A key pair for SFTP as OpenSSH writes it. About one in 200 that ssh2 makes cannot be read again (mscdex/ssh2#1513). */
export function sshKeyPair(): { privateKey: string; publicKey: string } {
  let pair;
  do pair = ssh2.utils.generateKeyPairSync('ed25519');
  while ([pair.private, pair.public].some((key) => ssh2.utils.parseKey(key) instanceof Error));
  return { privateKey: pair.private, publicKey: pair.public };
}

export function newSecret(): string {
  return `whsec_${generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64')}`;
}

const NO_FAULTS = {
  error500Before: 0,
  error500After: 0,
  resetBefore: 0,
  resetAfter: 0,
  hangBefore: 0,
  hangAfter: 0,
  tooMany: 0,
  unavailable: 0,
  unauthorized: 0,
  html: 0,
};

export const TURNS: Record<Temper, DialChange> = {
  good: { faults: NO_FAULTS, poison: 0, reject: { share: 0 } },
  rejects: { reject: { share: 0.3 } },
  refuses: { poison: 1 },
  losesRequest: { faults: { ...NO_FAULTS, resetBefore: 1 } },
  losesAnswer: { faults: { ...NO_FAULTS, resetAfter: 1 } },
  hangs: { faults: { ...NO_FAULTS, hangAfter: 1 } },
  busy: { faults: { ...NO_FAULTS, unavailable: 1 } },
  forbids: { faults: { ...NO_FAULTS, unauthorized: 1 } },
  talksNonsense: { faults: { ...NO_FAULTS, html: 1 } },
};

/** What a simulated provider can be turned to. */
const COMMON: readonly Temper[] = [
  'good',
  'rejects',
  'refuses',
  'losesRequest',
  'losesAnswer',
  'hangs',
  'busy',
  'forbids',
];
export const FILE_TEMPERS: readonly (Temper | Ability)[] = [...COMMON, 'checksKeys', 'takesFullLists', 'tellsHighest'];
export const WEBHOOK_TEMPERS: readonly (Temper | Ability)[] = [...FILE_TEMPERS, 'talksNonsense'];
export const ORDER_TEMPERS: readonly (Temper | Ability)[] = [...COMMON, 'talksNonsense', 'checksKeys', 'tellsHighest'];

/** How long an answer is waited for before a test fails, in milliseconds; never how long one takes. */
const LIMIT_MS = 20_000;

export interface Simulated extends Counterpart {
  simulated: SimulatedProvider;
  notices: AdapterNotice[];
  /** What callbacks or files were answered with a problem, or set aside. */
  problems: Problem[];
  dial(change: DialChange): void;
  stop(): Promise<void>;
}

/** @param base the profile; the simulator speaks its style. */
export async function simulatedCounterpart(code: ProviderCode, base = referenceProfile(code)!): Promise<Simulated> {
  const keys = sshKeyPair();
  const strangeKeys = sshKeyPair();
  const answers: IncomingAnswer[] = [];
  const problems: Problem[] = [];
  const notices: AdapterNotice[] = [];
  const orders = tmf641Witness();
  const pgp = base.secrets.pgp ? { ours: await privatePgp('hub'), theirs: await privatePgp(code) } : null;
  const theirKey = pgp ? await publicPgp(pgp.theirs) : '';
  let heard: () => void = () => undefined;

  // The hub's end of callbacks.
  const hub = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        try {
          // As the API does: the token of a TMF641 address becomes a header.
          const token = /\/tmf641\/([^/]+)\/listener/.exec(request.url ?? '')?.[1];
          const headers = {
            ...(request.headers as Record<string, string>),
            ...(token ? { 'callback-token': token } : {}),
          };
          answers.push(adapter.readCallback!(headers, Buffer.concat(chunks)));
          response.writeHead(202, { 'content-type': 'application/json' }).end('{"accepted":1,"setAside":0}');
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          problems.push(error);
          response.writeHead(error.status).end(JSON.stringify(error));
        }
        heard();
      });
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));

  const hubAddress = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  const simulator = await startSimulator({
    providers: [code],
    hub: hubAddress,
    settings: {
      [code]: {
        sftpClientKeys: [keys.publicKey],
        witness: orders.witness,
        // Numbers are used up here by batches that never arrive.
        dial: { applyOrder: 'asSent' },
        ...(pgp
          ? { files: { charset: 'windows-874' as const, pgp: { own: [pgp.theirs], hub: [await publicPgp(pgp.ours)] } } }
          : {}),
        ...(base.format === 'tmf641' ? { style: 'tmf641' } : {}),
      },
    },
  });
  const simulated = simulator.get(code);
  const { sftp, target } = simulated.address;
  const profile = withEndpoint(
    base,
    sftp
      ? {
          host: sftp.host,
          port: sftp.port,
          username: sftp.user,
          root: sftp.root,
          hostKeys: [sftp.hostKeyFingerprint],
          timeoutMs: 1_000,
        }
      : { target: target!, timeoutMs: 1_000 },
  );
  const adapterWith = (signing: string, sshKey: string): ProviderAdapter =>
    makeAdapter(profile, {
      secrets: {
        secret: (name) =>
          base.secrets.pgp?.ours.includes(name)
            ? pgp?.ours
            : base.secrets.pgp?.theirs.includes(name)
              ? theirKey
              : name === base.secrets.sshKey
                ? sshKey
                : name === base.secrets.callback[0]
                  ? simulated.ownSecret
                  : signing,
      },
      allowedNetworks: LOOPBACK_NETWORKS,
      callbackBase: () => hubAddress,
      notice: (notice) => notices.push(notice),
    });
  const adapter = adapterWith(simulated.hubSecrets[0]!, keys.privateKey);
  let number = 0;

  return {
    simulated,
    notices,
    problems,
    adapter,
    stranger: () => adapterWith(newSecret(), strangeKeys.privateKey),
    turn: (temper) => void simulated.turn(TURNS[temper]),
    dial: (change) => void simulated.turn(change),
    nextNumber: () => ++number,
    holds: (one) => simulated.provider.known.get(one)?.sha256 ?? null,
    answers: () => answers,
    async until(condition) {
      const stop = AbortSignal.timeout(LIMIT_MS);
      while (!condition(answers)) {
        if (stop.aborted)
          throw new Error(
            `no such answer within ${LIMIT_MS} ms; answers so far: ${JSON.stringify(answers).slice(0, 500)}`,
          );
        if (adapter.collect) {
          await adapter.collect((answer) => Promise.resolve(void answers.push(answer)), stop);
          if (!condition(answers)) await new Promise((resolve) => setTimeout(resolve, 10));
        } else {
          await new Promise<void>((resolve) => {
            heard = resolve;
            stop.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      }
    },
    async stop() {
      await adapter.close();
      await simulator.stop();
      hub.closeAllConnections();
      await new Promise((resolve) => hub.close(resolve));
      assert.deepEqual([...orders.faults], [], 'messages of service orders that are not what the standard says');
      if (base.format === 'tmf641') assertWitnessed(orders.seen, [...ORDER_TALK, 'list', 'error']);
    },
  };
}
