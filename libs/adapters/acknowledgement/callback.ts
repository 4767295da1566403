// Acknowledgement by callback: proves that the provider itself says it, then translates.
import { Problem, type IncomingAnswer, type ProviderProfile } from '#contracts';
import { AnswerNotUsable } from '../formats/reading.js';
import { readCallbackEvent } from '../formats/outcomes-json.js';
import { judgeSignature, TOLERANCE_S } from '../signing/standard-webhooks.js';

/** Longest callback body in bytes; a larger answer comes in several callbacks. */
export const LONGEST_CALLBACK_BYTES = 8 * 1024 * 1024;

/**
 * Verifies and reads one callback. A repeated one gives the same answer again: recording is idempotent, so nothing has to
 * be remembered here.
 * @param headers lower-case names. @param body the raw bytes, as they were signed. @param secrets the provider's.
 * Throws `Problem` 413, 401, 422 or 503 that says what to do.
 */
export function readCallback(
  profile: ProviderProfile,
  secrets: readonly string[],
  headers: Record<string, string | undefined>,
  body: Buffer,
  now: Date,
): IncomingAnswer {
  if (body.length > LONGEST_CALLBACK_BYTES) {
    throw new Problem(
      413,
      'callback-too-large',
      'Callback too large',
      `The body has ${body.length} bytes, ${LONGEST_CALLBACK_BYTES} are read; answer in several callbacks, each with "first" and "last".`,
    );
  }
  if (secrets.length === 0) {
    throw new Problem(
      503,
      'callback-secret-absent',
      'No callback secret',
      `The hub holds no secret to verify callbacks of ${profile.code}; ask ONDE to store one.`,
    );
  }
  switch (judgeSignature(secrets, headers, body, now)) {
    case 'headersMissing':
      throw unsigned('The headers webhook-id, webhook-timestamp (unix seconds) and webhook-signature are needed.');
    case 'signatureWrong':
      throw unsigned(
        "No signature fits. Sign `id.timestamp.body` over the raw body with your own secret (not the hub's), HMAC-SHA256, as v1,<base64>.",
      );
    case 'clockWrong':
      throw unsigned(
        `The timestamp is more than ${TOLERANCE_S} s away from the hub's clock, which shows ${Math.floor(now.getTime() / 1000)}; set your clock, and sign anew for each attempt.`,
      );
    case 'genuine':
  }
  try {
    const content = readCallbackEvent(body, profile.code);
    return { provider: profile.code, number: content.batch, receipt: 'accepted', outcomes: content.outcomes };
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    throw new Problem(
      422,
      'callback-not-usable',
      'Callback cannot be used',
      'Nothing of it was applied; correct it and send it again.',
      {
        errors: error.problems.map((detail) => ({ code: 'notUsable', detail })),
      },
    );
  }
}

function unsigned(detail: string): Problem {
  return new Problem(401, 'callback-not-verified', 'Signature not verified', detail);
}
