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
} from '@nestjs/swagger';
import type { Request } from 'express';
import {
  ADAPTERS,
  OUTCOME_RECORDER,
  Problem,
  type AdapterRegistry,
  type IncomingAnswer,
  type OutcomeRecorder,
  type ProviderAdapter,
} from '#contracts';
import { Metrics } from '#operations';
import { Open, ProviderDirectory } from '#platform';

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
    schema: {
      type: 'object',
      description: 'CloudEvent th.onde.saphan.whitelist.outcomes.v1, see docs/providers/contract.md',
    },
  })
  @ApiAcceptedResponse({ type: RecordedDto })
  @ApiUnauthorizedResponse({ description: 'No signature fits; counted' })
  async take(@Param('code') code: string, @Req() request: Request): Promise<RecordedDto> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const answer = this.verified(this.adapters.get(provider), request);
    if (!answer.outcomes) return { accepted: 0, setAside: 0 };
    const { accepted, setAside } = await this.recorder.record(providerId, answer.number, answer.outcomes);
    return { accepted, setAside };
  }

  private verified(adapter: ProviderAdapter, request: Request): IncomingAnswer {
    if (!adapter.readCallback) {
      throw new Problem(
        409,
        'no-callbacks',
        'This provider acknowledges in another way',
        `The profile of ${adapter.profile.code} says "${adapter.profile.acknowledgement}"; ask ONDE to change it.`,
      );
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : value]),
    );
    try {
      return adapter.readCallback(headers, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
    } catch (error) {
      if (error instanceof Problem && error.status === 401)
        this.metrics.refused('wrongSignature', adapter.profile.code);
      throw error;
    }
  }
}
