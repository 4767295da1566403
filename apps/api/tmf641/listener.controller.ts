// Listener for events of TMF641 service orders, at the address that the hub subscribed with the provider's `/hub`.
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiOperation,
  ApiProperty,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { TOKEN_HEADER } from '#adapters';
import {
  ADAPTERS,
  AnswerRefused,
  OUTCOME_RECORDER,
  SET_ASIDE_BOOK,
  WAKE_UP,
  type AdapterRegistry,
  type IncomingAnswer,
  type OutcomeRecorder,
  type SetAsideBook,
  type WakeUp,
} from '#contracts';
import { refuseByAnswer } from '#dispatch';
import { Metrics } from '#operations';
import { CONFIG, Open, ProviderDirectory, type Config } from '#platform';
import { nothingUsable } from '../providers/acknowledgements.controller.js';
import { callbackBody } from '../set-aside/callback-body.js';

/** Addresses of events: their bodies are judged as raw bytes, like those of callbacks. */
export const LISTENER_PATH = /^\/tmf641\/[^/]+(?:\/listener(?:\/[^/]+)?)?\/?$/i;

/** What the standard answers an event with. */
export class EventSubscriptionDto {
  @ApiProperty({ example: 'order-events' })
  id!: string;

  @ApiProperty({ description: 'Where events are heard; the token is left out' })
  callback!: string;
}

const OPEN_BECAUSE = 'the provider proves itself by the token in the address that was subscribed';
const SUMMARY = 'An event of a service order (TM Forum TMF641 v4.1.0)';
const EVENT = { schema: { type: 'object', description: 'Any notification of TMF641; see docs/providers/dtac.md' } };
const NO_TOKEN = { description: 'The token is none that was subscribed; counted' };

@ApiTags('for providers')
@Controller('tmf641')
export class ListenerController {
  constructor(
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(OUTCOME_RECORDER) private readonly recorder: OutcomeRecorder,
    @Inject(SET_ASIDE_BOOK) private readonly setAside: SetAsideBook,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The event's name in the address says nothing that its body does not say, so that any spelling is good. */
  @Post(':token/listener/:event')
  @HttpCode(201)
  @Open(OPEN_BECAUSE)
  @ApiOperation({ summary: SUMMARY })
  @ApiBody(EVENT)
  @ApiCreatedResponse({ type: EventSubscriptionDto })
  @ApiUnauthorizedResponse(NO_TOKEN)
  takeNamed(@Param('token') token: string, @Req() request: Request): Promise<EventSubscriptionDto> {
    return this.take(token, request);
  }

  /** Some servers post every event to one address. */
  @Post(':token/listener')
  @HttpCode(201)
  @Open(OPEN_BECAUSE)
  @ApiOperation({ summary: `${SUMMARY}, without its name in the address` })
  @ApiBody(EVENT)
  @ApiCreatedResponse({ type: EventSubscriptionDto })
  @ApiUnauthorizedResponse(NO_TOKEN)
  takeUnnamed(@Param('token') token: string, @Req() request: Request): Promise<EventSubscriptionDto> {
    return this.take(token, request);
  }

  /** And some to the very address that was subscribed. */
  @Post(':token')
  @HttpCode(201)
  @Open(OPEN_BECAUSE)
  @ApiOperation({ summary: `${SUMMARY}, at the address as it was subscribed` })
  @ApiBody(EVENT)
  @ApiCreatedResponse({ type: EventSubscriptionDto })
  @ApiUnauthorizedResponse(NO_TOKEN)
  takeBare(@Param('token') token: string, @Req() request: Request): Promise<EventSubscriptionDto> {
    return this.take(token, request);
  }

  private async take(token: string, request: Request): Promise<EventSubscriptionDto> {
    const body = callbackBody(request);
    const { providerId, answer } = await this.read(token, body);
    // Number 0: an event that says nothing of an order's lines.
    if (answer.number > 0) await this.record(providerId, answer);
    return { id: 'order-events', callback: `${this.config.http.publicUrl?.replace(/\/+$/, '') ?? ''}/tmf641` };
  }

  /** Finds whose token it is. Throws `AnswerRefused`. */
  private async read(token: string, body: Buffer): Promise<{ providerId: number; answer: IncomingAnswer }> {
    let refused: AnswerRefused | null = null;
    for (const { providerId, code, profile } of this.directory.all()) {
      const adapter = this.adapters.get(code);
      if (profile.format !== 'tmf641' || !adapter.readCallback) continue;
      try {
        return { providerId, answer: adapter.readCallback({ [TOKEN_HEADER]: token }, body) };
      } catch (error) {
        if (!(error instanceof AnswerRefused)) throw error;
        refused = error;
        if (error.status === 401) continue;
        await this.setAside.note(providerId, error.setAside);
        throw error;
      }
    }
    this.metrics.refused('wrongSignature');
    throw (
      refused ??
      new AnswerRefused(
        401,
        'callback-not-verified',
        'Callback not known',
        'No provider of this hub sends such events.',
        {
          reason: 'signatureWrong',
        },
      )
    );
  }

  private async record(providerId: number, answer: IncomingAnswer): Promise<void> {
    const { number, outcomes, code, detail } = answer;
    if (answer.receipt === 'refused') {
      await refuseByAnswer(this.source, this.recorder, providerId, number, code ?? 'PROVIDER_ERROR', detail ?? '');
      await this.wakeUp.wake([providerId]);
    }
    if (!outcomes) return;
    const { accepted, setAside, because } = await this.recorder.record(providerId, number, outcomes);
    if (accepted === 0 && setAside > 0 && because) throw nothingUsable(because);
  }
}
