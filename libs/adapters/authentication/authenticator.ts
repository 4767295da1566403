// How a request proves who sends it, beside its signature: nothing more, an API key, or an OAuth 2.0 token.
import type { Authentication } from '#contracts';

/**
 * No request could be made. `forbidden`: credentials are missing, wrong or expired, a person is needed. `notReached`: the
 * token endpoint could not be asked, later it may. The text never holds a secret.
 */
export class AuthenticationFailed extends Error {
  constructor(
    readonly trouble: 'forbidden' | 'notReached',
    reason: string,
  ) {
    super(reason);
    this.name = 'AuthenticationFailed';
  }
}

export interface Authenticator {
  /** Headers of the next request. Throws `AuthenticationFailed`. */
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  /** The provider answered 401 to these headers. `again`: what was kept is dropped, and one more try may help. */
  refused(headers: Record<string, string>): 'again' | 'final';
  close(): void;
}

/** Nothing beside the signature. */
export const signatureOnly: Authenticator = {
  headers: () => Promise.resolve({}),
  refused: () => 'final',
  close: () => undefined,
};

/** A key in a header that the provider named. `secret` is asked at every request, so that a rotation needs no restart. */
export function apiKey(
  { header, secret: name }: Extract<Authentication, { kind: 'apiKey' }>,
  secret: (name: string) => string | undefined,
): Authenticator {
  return {
    headers() {
      const key = secret(name);
      if (key === undefined)
        return Promise.reject(new AuthenticationFailed('forbidden', `the secret "${name}" is not in the vault`));
      if (!/^[\x21-\x7e]{1,4096}$/.test(key)) {
        return Promise.reject(
          new AuthenticationFailed('forbidden', `the secret "${name}" cannot stand in a header; store it as one word`),
        );
      }
      return Promise.resolve({ [header.toLowerCase()]: key });
    },
    refused: () => 'final',
    close: () => undefined,
  };
}
