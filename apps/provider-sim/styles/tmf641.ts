// TM Forum TMF641 v4.1.0 service orders with /hub notifications (DTAC).
import { sha256 } from '../book/book.js';
import type { KnownBatch, KnownPart } from '../known.js';
import { piecesOf, type Piece } from '../pieces.js';
import { OrderServer } from '../tmf641/order-server.js';
import { OrderStore } from '../tmf641/order-store.js';
import { orderIdOf, orderView } from '../tmf641/order-view.js';
import { parseOrder } from '../tmf641/parse-order.js';
import { Callbacks } from '../webhook/callbacks.js';
import type { Style, StyleContext } from './style.js';

const EVENT = 'ServiceOrderStateChangeEvent';

/** The event of a piece; a twisted one is about an order that does not exist. */
function eventOf({ provider }: StyleContext, store: OrderStore, piece: Piece, origin: string): unknown {
  const time = new Date(provider.now()).toISOString();
  const batch = provider.known.get(piece.batch);
  const kept = batch === undefined ? undefined : store.order(piece.batch);
  const serviceOrder =
    batch === undefined || kept === undefined
      ? { id: orderIdOf(piece.batch), state: 'completed' }
      : orderView(batch, kept, origin, provider.now());
  // Documents of the standard spell the type in both ways, and so do providers.
  const eventType = provider.random() < 0.5 ? EVENT : EVENT.charAt(0).toLowerCase() + EVENT.slice(1);
  return {
    eventId: piece.id,
    eventTime: time,
    eventType,
    correlationId: kept?.externalId,
    domain: 'serviceOrdering',
    event: { serviceOrder },
  };
}

export const tmf641Style: Style = {
  name: 'tmf641',
  read: (provider, body) => parseOrder(body.toString(), sha256(body), provider.applier.book),
  async start(context) {
    const { provider, host, port, folder, told } = context;
    const store = new OrderStore(folder);
    const server = await OrderServer.open({ provider, store, host, port, subscribed: () => callbacks.wake() });
    const callbacks = new Callbacks({
      provider,
      address: () =>
        store.subscription === undefined
          ? undefined
          : `${store.subscription.callback}/listener/serviceOrderStateChangeEvent`,
      compose: (piece) => eventOf(context, store, piece, server.address),
      headers: () => ({ 'content-type': 'application/json;charset=utf-8' }),
    });
    const tell = async (batch: KnownBatch, part: KnownPart): Promise<void> => {
      if (part.silent || part.outcomes === undefined) return;
      // An event tells the whole order, so there are no parts; of the twists only those that an event can show.
      const dial = {
        ...provider.dial,
        answer: { ...provider.dial.answer, partSize: 0, contradict: 0, shifted: 0, badSignature: 0 },
      };
      const pieces = piecesOf(batch.batch, part.part, part.outcomes, dial, provider.random);
      await Promise.all(pieces.map((piece) => callbacks.send(piece)));
      part.told = true;
      told(batch.batch, part.part);
    };
    provider.onOutcomes((batch, part) => void setImmediate(() => void tell(batch, part)));
    for (const batch of provider.known.values()) {
      for (const part of batch.known) if (!part.told) void tell(batch, part);
    }
    return {
      address: { target: server.address },
      figures: () => ({
        faultsInjected: server.faults.injected,
        subscription: store.subscription,
        callbacks: callbacks.figures(),
      }),
      wake: () => callbacks.wake(),
      stop: async () => {
        callbacks.stop();
        await server.close();
      },
    };
  },
};
