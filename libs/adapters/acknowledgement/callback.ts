// Acknowledgement by callback: proves that the provider itself says it, then translates.
import { AnswerRefused, Problem, type IncomingAnswer, type ProviderProfile, type SetAsideReason } from '#contracts';
import { AnswerNotUsable } from '../formats/reading.js';
import { readCallbackEvent } from '../formats/outcomes-json.js';
import { judgeSignature, TOLERANCE_S } from '../signing/standard-webhooks.js';
import { quoted } from '../wording.js';

/** Longest callback body in bytes; a larger answer comes in several callbacks. */
export const LONGEST_CALLBACK_BYTES = 8 * 1024 * 1024;

/**
 * Verifies and reads one callback. Recording is idempotent, so nothing has to be remembered here.
 * @param headers lower-case names. @param body the raw bytes, as they were signed. @param secrets the provider's.
 * Throws `AnswerRefused` 413, 401 or 422, or `Problem` 503, that says what to do.
 */
export function readCallback(
  profile: ProviderProfile,
  secrets: readonly string[],
  headers: Record<string, string | undefined>,
  body: Buffer,
  now: Date,
): IncomingAnswer {
  if (body.length > LONGEST_CALLBACK_BYTES) throw callbackTooLarge(`The body has ${body.length} bytes`);
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
      throw unsigned(
        'unsigned',
        'The headers webhook-id, webhook-timestamp (unix seconds) and webhook-signature are needed.',
      );
    case 'signatureWrong':
      throw unsigned(
        'signatureWrong',
        "No signature fits. Sign `id.timestamp.body` over the raw body with your own secret (not the hub's), HMAC-SHA256, as v1,<base64>.",
      );
    case 'clockWrong':
      throw unsigned(
        'clockWrong',
        `The timestamp is more than ${TOLERANCE_S} s away from the hub's clock, which shows ${Math.floor(now.getTime() / 1000)}; set your clock, and sign anew for each attempt.`,
        `the timestamp is more than ${TOLERANCE_S} s away from the hub's clock`,
      );
    case 'genuine':
  }
  try {
    const { batch, outcomes, sha256 } = readCallbackEvent(body, profile.code, now);
    return {
      provider: profile.code,
      number: batch,
      receipt: 'accepted',
      outcomes,
      ...(sha256 === null ? {} : { sha256 }),
    };
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    throw callbackNotUsable(error);
  }
}

/** @param what how large it is, in words */
export function callbackTooLarge(what: string): AnswerRefused {
  return new AnswerRefused(
    413,
    'callback-too-large',
    'Callback too large',
    `${what}, ${LONGEST_CALLBACK_BYTES} are read (after unpacking); answer in several callbacks, each with "first" and "last".`,
    { reason: 'tooLarge', detail: `larger than ${LONGEST_CALLBACK_BYTES} bytes, as sent or unpacked` },
  );
}

/** What is verified and says nothing that can be used: everything that is wrong with it, at once. */
export function callbackNotUsable(error: AnswerNotUsable): AnswerRefused {
  return new AnswerRefused(
    422,
    'callback-not-usable',
    'Callback cannot be used',
    'Nothing of it was applied; correct it and send it again.',
    {
      reason: error.reason,
      detail: quoted(error.message),
      errors: error.problems.map((detail) => ({ code: error.reason, detail })),
    },
  );
}

function unsigned(reason: SetAsideReason, detail: string, listed?: string): AnswerRefused {
  return new AnswerRefused(401, 'callback-not-verified', 'Signature not verified', detail, {
    reason,
    ...(listed === undefined ? {} : { detail: listed }),
  });
}
