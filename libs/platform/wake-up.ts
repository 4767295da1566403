// Wake-ups across processes by PostgreSQL's NOTIFY. One that is lost costs a sweep, never truth.
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { WakeUp } from '#contracts';

const CHANNEL = 'saphan_wake';

export class NotifyWakeUp implements WakeUp {
  constructor(private readonly source: DataSource) {}

  async wake(providerIds: Iterable<number>): Promise<void> {
    const ids = [...providerIds];
    if (ids.length > 0) await this.source.query('SELECT pg_notify($1, $2)', [CHANNEL, ids.join(',')]);
  }
}

/** Listens for wake-ups until closed, see `listen`. */
export function listenForWakeUps(
  url: string,
  onWake: (providerIds: number[]) => void,
  onReconnect: () => void,
): Promise<{ close(): Promise<void> }> {
  const read = (payload: string): void => onWake(payload.split(',').map(Number).filter(Number.isInteger));
  return listen(url, CHANNEL, read, onReconnect);
}

/** Listens until closed; reconnects by itself, and reports each reconnection so that the listener can look for itself. */
export async function listen(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
  onReconnect: () => void,
): Promise<{ close(): Promise<void> }> {
  let closed = false;
  let client: pg.Client | null = null;
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'saphan listener' });
    fresh.on('notification', (message) => onMessage(message.payload ?? ''));
    const again = () => {
      if (closed || client !== fresh) return;
      client = null;
      fresh.end().catch(() => undefined);
      setTimeout(() => connect().then(onReconnect, again), 500).unref();
    };
    fresh.on('error', again);
    fresh.on('end', again);
    client = fresh;
    await fresh.connect();
    await fresh.query(`LISTEN ${channel}`);
  };
  await connect();
  return {
    async close() {
      closed = true;
      await client?.end().catch(() => undefined);
    },
  };
}
