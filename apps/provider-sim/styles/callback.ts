// Webhook answered with 202, outcomes later by signed callbacks (TRUE).
import { sha256 } from '../book/book.js';
import { piecesOf } from '../pieces.js';
import type { KnownBatch, KnownPart } from '../known.js';
import { outcomeCallbacks } from '../webhook/callbacks.js';
import { answer } from '../webhook/http.js';
import { parseEvent } from '../webhook/parse-event.js';
import { WebhookReceiver } from '../webhook/receiver.js';
import { Verifier } from '../webhook/signature.js';
import type { Style } from './style.js';

export const callbackStyle: Style = {
  name: 'callback',
  read: (provider, body) => parseEvent(body.toString(), sha256(body), provider.code),
  async start({ provider, host, port, hubSecrets, ownSecret, signatureCheck, hub, told }) {
    const callbacks = outcomeCallbacks(provider, ownSecret, hub);
    const receiver = await WebhookReceiver.open({
      provider,
      host,
      port,
      verifier: new Verifier(hubSecrets, signatureCheck),
      taken: (response, batch) => answer(response, 202, { batch: batch.batch, receipt: 'accepted' }),
    });
    const tell = async (batch: KnownBatch, part: KnownPart): Promise<void> => {
      if (part.silent || part.outcomes === undefined) return;
      const pieces = piecesOf(batch.batch, part.part, part.outcomes, provider);
      await Promise.all(pieces.map((piece) => callbacks.send(piece)));
      part.told = true;
      told(batch.batch, part.part);
    };
    // The receipt goes out first; a callback that overtakes it is a fault to be dialled, not the rule.
    provider.onOutcomes((batch, part) => void setImmediate(() => void tell(batch, part)));
    for (const batch of provider.known.values()) {
      for (const part of batch.known) if (!part.told) void tell(batch, part);
    }
    return {
      address: { target: receiver.address },
      figures: () => ({
        faultsInjected: receiver.faults.injected,
        callbacks: callbacks.figures(),
      }),
      wake: () => callbacks.wake(),
      stop: async () => {
        callbacks.stop();
        await receiver.close();
      },
    };
  },
};
