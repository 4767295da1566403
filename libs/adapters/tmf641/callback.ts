// Notifications of TMF641 orders. The standard defines no signature, so the address that was subscribed holds a token
// that only the provider knows; the API hands it over as the header `callback-token`.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AnswerRefused, type IncomingAnswer, type ProviderProfile } from '#contracts';
import { callbackNotUsable, callbackTooLarge, LONGEST_CALLBACK_BYTES } from '../acknowledgement/callback.js';
import { AnswerNotUsable } from '../formats/reading.js';
import { keyOf } from '../signing/standard-webhooks.js';
import { answerOf, readNotification } from './read-order.js';

/** Header in which the API hands over the token that stood in the address. */
export const TOKEN_HEADER = 'callback-token';

/** The token for a secret: the secret itself never stands in an address. */
export function tokenOf(secret: string, provider: string): string {
  return createHmac('sha256', keyOf(secret)).update(`tmf641 callback ${provider}`).digest('base64url');
}

/**
 * Reads one notification. An event that says nothing of an order gives number 0 without receipt and outcomes: there is
 * nothing to record, and it is answered like any other. Throws `AnswerRefused` 413, 401 or 422.
 */
export function readTmfCallback(
  profile: ProviderProfile,
  secrets: readonly string[],
  headers: Record<string, string | undefined>,
  body: Buffer,
): IncomingAnswer {
  if (body.length > LONGEST_CALLBACK_BYTES) throw callbackTooLarge(`The body has ${body.length} bytes`);
  const given = Buffer.from(headers[TOKEN_HEADER] ?? '');
  const known = secrets.some((secret) => {
    const expected = Buffer.from(tokenOf(secret, profile.code));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  if (!known) {
    throw new AnswerRefused(
      401,
      'callback-not-verified',
      'Callback not known',
      'Post to the very address that was subscribed at /hub, token included.',
      { reason: 'signatureWrong', detail: 'the token in the address is not the one that was subscribed' },
    );
  }
  try {
    const order = readNotification(body, profile.code);
    return order ? answerOf(order, profile.code) : { provider: profile.code, number: 0, receipt: null, outcomes: null };
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    throw callbackNotUsable(error);
  }
}
