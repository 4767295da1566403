// Lists by fetching: looks at the hub's feed with its own key, takes what is new, and acknowledges what it enforces.
import type { Provider } from '../provider.js';
import { ListError, readDocument } from './list.js';

const LOOK_MS = 1_000;

export interface ListFollower {
  stop: () => void;
}

/** Looks now and then until stopped; a hub that is away is asked again. */
export function followList(
  provider: Provider,
  hub: () => string | undefined,
  key: () => string | undefined,
): ListFollower {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let acknowledged: number | null = null;
  const { destinations } = provider;

  const look = async (): Promise<void> => {
    const [address, secret] = [hub(), key()];
    if (address === undefined || secret === undefined || provider.dial.pull.fetching === 'off') return;
    const headers = { authorization: `Bearer ${secret}` };
    const signal = AbortSignal.timeout(10_000);
    const feed = `${address}/v1/feed/${provider.code}/destinations`;
    const held = destinations.enforced();
    const known =
      held !== null && held.version === acknowledged ? { 'if-none-match': `"${held.version}-${held.sha256}"` } : {};
    const answer = await fetch(feed, { headers: { ...headers, ...known }, redirect: 'error', signal });
    if (answer.status !== 200) return void (await answer.arrayBuffer());
    const list = readDocument(await answer.json(), provider.code);
    if (held?.version !== list.version && destinations.take(list) !== 'enforced') return;
    const now = destinations.enforced();
    if (now === null || now.version !== list.version) return;
    const said = await fetch(`${feed}/acknowledgements`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ version: now.version, sha256: now.sha256, enforcedSince: now.since }),
      redirect: 'error',
      signal,
    });
    await said.arrayBuffer();
    if (said.status === 200) acknowledged = now.version;
  };

  const turn = (): void => {
    look()
      .catch((error: unknown) => {
        if (error instanceof ListError) {
          destinations.figures.refused++;
          provider.observer.violation('malformedBatch', { detail: `destinations: ${error.message}` });
        }
      })
      .finally(() => {
        if (!stopped) {
          timer = setTimeout(turn, LOOK_MS);
          timer.unref();
        }
      });
  };
  turn();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
