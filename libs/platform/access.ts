// Who asks, and what a route demands: the guard in the api fills the actor in and compares scopes.
import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';

/** Scopes of an API key. `approve` releases what somebody else proposed (four eyes). `provider:<CODE>` speaks for one provider only. */
export type Scope = 'onde' | 'ops.read' | 'ops.act' | 'approve' | `provider:${string}`;

export interface Actor {
  actorId: number;
  name: string;
  scopes: string[];
  /** The provider this key speaks for, or null. */
  provider: string | null;
}

/** The actor of what the hub does by itself; made by the first migration. */
export const HUB_ACTOR_ID = 1;
export const HUB_ACTOR_NAME = 'system:hub';

export const SCOPES = 'saphan:scopes';
/** Any one of these scopes opens the route; `provider` stands for the key of the provider named in the path. */
export const Scopes = (...scopes: (Scope | 'provider')[]) => SetMetadata(SCOPES, scopes);

/** A route without a key: health, documents, and what proves itself by signature. Says why it is open. */
export const OPEN = 'saphan:open';
export const Open = (why: string) => SetMetadata(OPEN, why);

export const CurrentActor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor => {
  return context.switchToHttp().getRequest<{ actor: Actor }>().actor;
});
