// A provider's signed callback: its word on a batch, in parts, late, repeated or out of order as it likes.
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiTags,
  ApiUnauthorizedResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { answerCallback, claimCallback, comparesBytes, forgetCallback, type CallbackAnswer } from '#acknowledgement';
import {
  ADAPTERS,
  AnswerRefused,
  OUTCOME_RECORDER,
  Problem,
  SET_ASIDE_BOOK,
  SET_ASIDE_REASONS,
  type AdapterRegistry,
  type IncomingAnswer,
  type OutcomeRecorder,
  type ProviderAdapter,
  type RecordedOutcomes,
  type SetAsideBook,
} from '#contracts';
import { Metrics } from '#operations';
import { Open, ProviderDirectory } from '#platform';
import { callbackBody } from '../set-aside/callback-body.js';

export class RecordedDto {
  @ApiProperty({ description: 'Lines whose outcome was taken (also when it was known before)' })
  accepted!: number;

  @ApiProperty({ description: 'Items that match nothing that was sent; they are counted and move nothing' })
  setAside!: number;
}

/** Addresses of callbacks: their bodies are kept as raw bytes, as they were signed. */
export const CALLBACK_PATH = /^\/v1\/providers\/[^/]+\/acknowledgements\/?$/;

@ApiTags('for providers')
@Controller('v1/providers')
export class AcknowledgementsController {
  constructor(
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(OUTCOME_RECORDER) private readonly recorder: OutcomeRecorder,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(SET_ASIDE_BOOK) private readonly setAside: SetAsideBook,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Post(':code/acknowledgements')
  @HttpCode(202)
  @Open('the provider proves itself by the signature over the body')
  @ApiOperation({
    summary: 'Outcomes of a batch, as a callback signed with the provider’s own Standard Webhooks secret',
  })
  @ApiParam({ name: 'code', example: 'TRUE' })
  @ApiHeader({ name: 'webhook-id', required: true })
  @ApiHeader({ name: 'webhook-timestamp', required: true })
  @ApiHeader({ name: 'webhook-signature', required: true })
  @ApiConsumes('application/cloudevents+json')
  @ApiBody({
    schema: { $ref: '#/components/schemas/OutcomesEvent' },
  })
  @ApiAcceptedResponse({ type: RecordedDto })
  @ApiUnauthorizedResponse({ description: 'No signature fits; counted' })
  @ApiUnprocessableEntityResponse({
    description: 'Verified, and nothing of it can be used; set aside, says what to do',
  })
  async take(@Param('code') code: string, @Req() request: Request): Promise<RecordedDto> {
    const { providerId, code: provider } = this.directory.byCode(code);
    try {
      return await this.record(providerId, this.adapters.get(provider), request);
    } catch (error) {
      if (error instanceof AnswerRefused) {
        if (error.status === 401) this.metrics.refused('wrongSignature', provider);
        await this.setAside.note(providerId, error.setAside);
      }
      throw error;
    }
  }

  private async record(providerId: number, adapter: ProviderAdapter, request: Request): Promise<RecordedDto> {
    if (!adapter.readCallback) {
      throw new Problem(
        409,
        'no-callbacks',
        'This provider acknowledges in another way',
        `The profile of ${adapter.profile.code} says "${adapter.profile.acknowledgement}"; ask ONDE to change it.`,
      );
    }
    const body = callbackBody(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : value]),
    );
    const answer = adapter.readCallback(headers, body);
    // Verified from here on; so the id is the provider's own.
    const id = headers['webhook-id'];
    if (!id) return this.recorded(providerId, answer);
    const claim = await claimCallback(this.source, providerId, id, body);
    if (claim.claim === 'repeat') return claim.answer;
    if (claim.claim === 'otherContent') throw repeatDiffers(answer.number);
    let taken = false;
    try {
      const recorded = await this.recorded(providerId, answer);
      taken = true;
      await answerCallback(this.source, providerId, id, recorded);
      return recorded;
    } finally {
      if (!taken) await forgetCallback(this.source, providerId, id);
    }
  }

  private async recorded(providerId: number, { number, outcomes, sha256 }: IncomingAnswer): Promise<CallbackAnswer> {
    if (sha256 !== undefined && (await comparesBytes(this.source, providerId, number, sha256)) === 'otherBytes') {
      throw otherBytes(number);
    }
    if (!outcomes) return { accepted: 0, setAside: 0 };
    const { accepted, setAside, because } = await this.recorder.record(providerId, number, outcomes);
    if (accepted === 0 && setAside > 0 && because) throw nothingUsable(because);
    return { accepted, setAside };
  }
}

/** Written down by the recorder already, with the batch. */
export function nothingUsable({ reason, detail }: NonNullable<RecordedOutcomes['because']>): Problem {
  const { en, th, remedy } = SET_ASIDE_REASONS[reason];
  return new Problem(422, 'callback-not-usable', 'Callback cannot be used', `${en} ${remedy.en}`, {
    errors: [{ code: reason, detail, remedy: remedy.en, remedyTh: remedy.th }],
    detailTh: `${th} ${remedy.th}`,
  });
}

function repeatDiffers(number: number): AnswerRefused {
  return new AnswerRefused(
    409,
    'webhook-id-used',
    'This webhook-id was used before',
    'Other content came under this webhook-id before; nothing of this one was applied. Give a new message a new id.',
    { reason: 'repeatDiffers', number, detail: 'other content came under this webhook-id before' },
  );
}

function otherBytes(number: number): AnswerRefused {
  return new AnswerRefused(
    422,
    'callback-not-usable',
    'Callback cannot be used',
    `"data.sha256" is not that of batch ${number} as it was sent; compare it with what you received, and fetch the batch again.`,
    { reason: 'otherBytes', number, detail: '"data.sha256" is not that of the batch as it was sent' },
  );
}
