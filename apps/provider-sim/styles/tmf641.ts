// TM Forum TMF641 v4.1.0 service orders with /hub notifications (DTAC).
import { randomUUID } from 'node:crypto';
import { sha256 } from '../book/book.js';
import type { KnownBatch, KnownPart } from '../known.js';
import { piecesOf, type Piece } from '../pieces.js';
import { between } from '../random.js';
import { anyCase, Listeners } from '../tmf641/listeners.js';
import { OrderServer } from '../tmf641/order-server.js';
import { OrderStore } from '../tmf641/order-store.js';
import { orderIdOf, type OrderState, orderView } from '../tmf641/order-view.js';
import { parseOrder, readOrder } from '../tmf641/parse-order.js';
import { Verifier } from '../webhook/signature.js';
import type { Outcomes } from '../words.js';
import type { Style } from './style.js';

const CHANGED = 'ServiceOrderStateChangeEvent';
const CREATED = 'ServiceOrderCreateEvent';
const NOTHING: Outcomes = { except: [], first: 1, last: 1 };

export const tmf641Style: Style = {
  name: 'tmf641',
  read: (provider, body) => parseOrder(readOrder(body.toString()), sha256(body), provider.applier.book),
  async start({ provider, host, port, folder, hubSecrets, signatureCheck, unsigned, told, witness }) {
    const store = new OrderStore(folder);
    /** Pieces that show an order as it was when it had only been acknowledged or begun. */
    const early = new WeakMap<Piece, OrderState>();

    /** The order of a piece as it is told; one about an order that does not exist is twisted. */
    const orderOf = (piece: Piece): Record<string, unknown> => {
      const state = early.get(piece);
      const known = provider.known.get(piece.batch);
      const kept = store.order(piece.batch);
      if (state !== undefined && known !== undefined && kept !== undefined)
        return orderView(known, kept, server.address, provider.now(), { early: state });
      return server.view(piece.batch) ?? { id: orderIdOf(piece.batch), state: 'completed' };
    };
    const nameOf = (piece: Piece): string => (early.get(piece) === 'acknowledged' ? CREATED : CHANGED);
    const bodyOf = (piece: Piece): unknown => {
      const serviceOrder = orderOf(piece);
      const event = {
        eventId: piece.id,
        eventTime: new Date(provider.now()).toISOString(),
        eventType: anyCase(nameOf(piece), provider.random),
        correlationId: serviceOrder['externalId'],
        domain: 'serviceOrdering',
        event: { serviceOrder },
      };
      witness('event', event);
      return event;
    };
    const listeners = new Listeners({ provider, store, nameOf, bodyOf });
    /** An event tells the whole order, so there are no parts; of the twists only those that an event can show. */
    const pieces = (batch: number, outcomes: Outcomes): Piece[] => {
      const answer = { ...provider.dial.answer, partSize: 0, contradict: 0, shifted: 0, badSignature: 0 };
      const { dial, random, effects } = provider;
      return piecesOf(batch, 1, outcomes, { dial: { ...dial, answer }, random, effects });
    };
    const taken = (batch: number, rejected: boolean): void => {
      if (rejected) void listeners.send(pieces(batch, NOTHING));
      if (rejected || provider.random() >= provider.dial.orders.earlyEvents) return;
      provider.effects.count('orders.earlyEvents');
      const told = (['acknowledged', 'inProgress'] as const).map((state) => {
        const delayMs = between(provider.random, 0, provider.dial.answer.reorderMs);
        const piece: Piece = { id: randomUUID(), batch, part: 1, outcomes: NOTHING, delayMs, twist: 'none' };
        early.set(piece, state);
        return piece;
      });
      void listeners.send(told);
    };
    const verifier = new Verifier(hubSecrets, signatureCheck);
    const rest = { host, port, unsigned, taken };
    const server = await OrderServer.open({ provider, store, listeners, witness, verifier, ...rest });
    const tell = async (batch: KnownBatch, part: KnownPart): Promise<void> => {
      if (part.silent || part.outcomes === undefined) return;
      if ((await listeners.send(pieces(batch.batch, part.outcomes))) === 'nobody') return;
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
        subscriptions: listeners.subscriptions,
        callbacks: listeners.figures(),
        deletes: server.deletes,
      }),
      wake: () => undefined,
      stop: async () => {
        listeners.stop();
        await server.close();
      },
    };
  },
};
