// Who may pass: a key with one of the route's scopes. A route that names neither scopes nor a reason to be open is shut.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Problem } from '#contracts';
import { KeyVerifier, Metrics } from '#operations';
import { OPEN, ProviderDirectory, SCOPES, type Actor } from '#platform';

/** The key of a request: `Authorization: Bearer …` or `X-Api-Key: …`. */
export function keyOf(headers: Request['headers']): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const plain = headers['x-api-key'];
  return bearer ?? (typeof plain === 'string' ? plain : null);
}

/** Whether one of the scopes opens it; `provider` stands for the key of the provider named in the address. */
export function allows(actor: Actor, demanded: readonly string[], code: string | undefined): boolean {
  return demanded.some((scope) =>
    scope === 'provider' ? code !== undefined && actor.provider === code.toUpperCase() : actor.scopes.includes(scope),
  );
}

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(KeyVerifier) private readonly keys: KeyVerifier,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<string | undefined>(OPEN, places)) return true;
    const demanded = this.reflector.getAllAndOverride<string[] | undefined>(SCOPES, places) ?? [];
    const request = context.switchToHttp().getRequest<Request & { actor?: Actor }>();
    const code = request.params['code'];
    const provider = this.known(typeof code === 'string' ? code : undefined);
    const key = keyOf(request.headers);
    if (!key) {
      this.metrics.refused('noKey', provider);
      throw new Problem(
        401,
        'key-missing',
        'An API key is needed',
        'Send it as "Authorization: Bearer sk_…" or "X-Api-Key: sk_…".',
      );
    }
    const actor = await this.keys.verify(key);
    if (!actor) {
      this.metrics.refused('wrongKey', provider);
      throw new Problem(
        401,
        'key-not-valid',
        'The API key is not valid',
        'It is unknown or was revoked; ask ops for a new one.',
      );
    }
    if (!allows(actor, demanded, provider)) {
      this.metrics.refused('wrongScope', provider);
      const needed = demanded.map((scope) => (scope === 'provider' ? `provider:${provider ?? '<CODE>'}` : scope));
      throw new Problem(
        403,
        'scope-missing',
        'The API key may not do this',
        `One of these scopes is needed: ${needed.join(', ') || 'none opens this address'}.`,
      );
    }
    request.actor = actor;
    return true;
  }

  /** The code if it is one of ours: what is not must not become a metric label. */
  private known(code: string | undefined): string | undefined {
    return this.directory.all().find((row) => row.code === code?.toUpperCase())?.code;
  }
}
