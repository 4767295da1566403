// Webhook with the outcomes in the response (AIS).
import { sha256 } from '../book/book.js';
import { answer } from '../webhook/http.js';
import { parseEvent } from '../webhook/parse-event.js';
import { WebhookReceiver } from '../webhook/receiver.js';
import { Verifier } from '../webhook/signature.js';
import type { Style } from './style.js';

export const responseStyle: Style = {
  name: 'response',
  read: (provider, body) => parseEvent(body.toString(), sha256(body), provider.code),
  async start({ provider, host, port, hubSecrets, signatureCheck }) {
    const receiver = await WebhookReceiver.open({
      provider,
      host,
      port,
      verifier: new Verifier(hubSecrets, signatureCheck),
      taken: (response, batch, part) => {
        // Never answered: it ends when the caller gives up.
        if (part.silent) return;
        const receipt = { batch: batch.batch, receipt: 'accepted' };
        // Parked behind a gap there are no outcomes yet; the hub finds them by asking.
        if (part.outcomes === undefined) answer(response, 202, receipt);
        else answer(response, 200, { ...receipt, outcomes: part.outcomes });
      },
    });
    return {
      address: { target: receiver.address },
      figures: () => ({ faultsInjected: receiver.faults.injected }),
      wake: () => undefined,
      stop: () => receiver.close(),
    };
  },
};
