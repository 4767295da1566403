// OAuth 2.0 client credentials (RFC 6749 section 4.4): a token is fetched, kept until shortly before its end, and fetched
// once more when the provider does not take it. Messages are made and judged by oauth4webapi, sent over our own connections.
import * as oauth from 'oauth4webapi';
import { isAxiosError } from 'axios';
import type { Authentication } from '#contracts';
import type { HttpConnection } from '../transports/http-connection.js';
import { TargetRefused, type TargetGuard } from '../transports/target-guard.js';
import { quoted } from '../wording.js';
import { AuthenticationFailed, type Authenticator } from './authenticator.js';

/** A token is renewed so many seconds before its end, or at nine tenths of its life if that is short. */
const RENEW_BEFORE_S = 60;
/** Kept so long when the provider does not say how long it is valid. */
const UNSAID_S = 300;

/** Errors of RFC 6749 section 5.2 that the same request again cannot cure. */
const CREDENTIALS = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_grant',
  'invalid_request',
  'unsupported_grant_type',
]);

export interface ClientCredentialsOptions {
  secret: (name: string) => string | undefined;
  guard: TargetGuard;
  /** The connection of this moment; made anew when the TLS identity changes. Throws `AuthenticationFailed`. */
  connection: () => HttpConnection;
  clock: () => Date;
  closed: () => void;
}

interface Kept {
  token: string;
  /** Milliseconds. */
  until: number;
  /** The client's secret that it was fetched with. */
  secret: string;
}

export function clientCredentials(
  settings: Extract<Authentication, { kind: 'oauth2' }>,
  options: ClientCredentialsOptions,
): Authenticator {
  let kept: Kept | null = null;
  let fetching: { secret: string; token: Promise<Kept> } | null = null;

  const current = async (signal: AbortSignal): Promise<string> => {
    const secret = options.secret(settings.secret);
    if (secret === undefined)
      throw new AuthenticationFailed('forbidden', `the secret "${settings.secret}" is not in the vault`);
    if (kept && kept.secret === secret && kept.until > options.clock().getTime()) return kept.token;
    // Requests at the same moment share one token. It is not bound to the first one's end: the others wait for it too.
    if (fetching?.secret !== secret) {
      const mine = {
        secret,
        token: fetchToken(settings, secret, options).finally(() => {
          if (fetching === mine) fetching = null;
        }),
      };
      fetching = mine;
    }
    kept = await orStopped(fetching.token, signal);
    return kept.token;
  };

  return {
    headers: async (signal) => ({ authorization: `Bearer ${await current(signal)}` }),
    refused(headers) {
      if (kept && headers['authorization'] === `Bearer ${kept.token}`) kept = null;
      return 'again';
    },
    close: () => options.closed(),
  };
}

/** Longest wait for a token, in milliseconds; the request that wants it may give up before. */
const FETCH_MS = 30_000;

async function fetchToken(
  { tokenUrl, clientId, scope }: Extract<Authentication, { kind: 'oauth2' }>,
  secret: string,
  { guard, connection, clock }: ClientCredentialsOptions,
): Promise<Kept> {
  const url = new URL(tokenUrl);
  const server: oauth.AuthorizationServer = { issuer: url.origin, token_endpoint: tokenUrl };
  const client: oauth.Client = { client_id: clientId };
  const asked = clock().getTime();
  try {
    guard.checkLiteral(url.hostname, url.protocol === 'https:' ? 'any' : 'allowed');
    const answer = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(secret),
      new URLSearchParams(scope === null ? {} : { scope }),
      {
        // Plain HTTP is judged by the guard, which allows it only into networks that the configuration names.
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: (address, init) => fetchOver(connection(), address, init),
        signal: AbortSignal.timeout(FETCH_MS),
      },
    );
    if (answer.status === 429 || answer.status >= 500)
      throw new AuthenticationFailed('notReached', `the token endpoint answered ${answer.status}`);
    const token = await oauth.processClientCredentialsResponse(server, client, answer);
    if (token.token_type.toLowerCase() !== 'bearer')
      throw new AuthenticationFailed('forbidden', 'the token endpoint gave a token that is no bearer token');
    const life = token.expires_in ?? UNSAID_S;
    const until = asked + (life - Math.min(RENEW_BEFORE_S, life / 10)) * 1000;
    return { token: token.access_token, until, secret };
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): AuthenticationFailed {
  if (error instanceof AuthenticationFailed) return error;
  if (error instanceof TargetRefused) return new AuthenticationFailed('notReached', `token endpoint: ${error.message}`);
  if (error instanceof oauth.ResponseBodyError) {
    const word = quoted(error.error);
    return new AuthenticationFailed(
      CREDENTIALS.has(error.error) || error.status < 500 ? 'forbidden' : 'notReached',
      `the token endpoint answered ${error.status} ${word}${error.error === 'invalid_client' ? ': client id or secret is wrong' : ''}`,
    );
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new AuthenticationFailed(
      'forbidden',
      `the token endpoint answered ${error.status}: client id or secret is wrong`,
    );
  if (error instanceof oauth.OperationProcessingError && error.code !== oauth.HTTP_REQUEST_FORBIDDEN)
    return new AuthenticationFailed(
      'forbidden',
      'the token endpoint gave no token; is transport.authentication.tokenUrl right?',
    );
  const code = isAxiosError(error) ? (error.code ?? '') : ((error as { name?: string }).name ?? '');
  return new AuthenticationFailed(
    'notReached',
    `the token endpoint cannot be reached (${quoted(code) || 'unknown error'})`,
  );
}

/** `fetch` as the library wants it, over the guarded connection. */
async function fetchOver(
  connection: HttpConnection,
  url: string,
  init: oauth.CustomFetchOptions<string, URLSearchParams>,
): Promise<Response> {
  const answer = await connection.during(() =>
    connection.axios.request<Buffer>({
      method: init.method,
      url,
      headers: init.headers,
      data: String(init.body),
      ...(init.signal ? { signal: init.signal } : {}),
    }),
  );
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined) headers.set(name, String(value));
  return new Response(new Uint8Array(answer.data), { status: answer.status, headers });
}

function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new AuthenticationFailed('notReached', 'no token within the limit of the request'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
