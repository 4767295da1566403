// Providers as ops and ONDE see them, and a provider sees itself; pausing and resuming.
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem, WAKE_UP, type WakeUp } from '#contracts';
import { feedStanding, healthHistory, pauseProvider, releaseProvider, resumeProvider } from '#dispatch';
import { lastAttempts } from '#operations';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { feedShown } from '../feed/feed-shown.js';
import { PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { ProviderCounter } from './provider-counter.js';
import {
  HealthHistoryDto,
  NewPauseDto,
  PauseDto,
  ProviderDetailDto,
  ProviderListDto,
  ReleasedDto,
} from './providers.dto.js';

const ATTEMPTS_SHOWN = 20;

@ApiTags('providers')
@Controller('v1/providers')
export class ProvidersController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(ProviderCounter) private readonly counter: ProviderCounter,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'All providers: counts that add up, backlog and its age, pauses' })
  @ApiOkResponse({ type: ProviderListDto })
  async list(): Promise<ProviderListDto> {
    return { providers: await this.counter.all() };
  }

  @Get(':code')
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'One provider, with its last attempts' })
  @ApiOkResponse({ type: ProviderDetailDto })
  async read(@Param('code') code: string): Promise<ProviderDetailDto> {
    const { providerId, profile } = this.directory.byCode(code);
    const [provider, attempts, feed] = await Promise.all([
      this.counter.one(providerId),
      lastAttempts(this.source, providerId, ATTEMPTS_SHOWN),
      profile.acknowledgement === 'pull' ? feedStanding(this.source, providerId) : null,
    ]);
    return { ...provider, feed: feed ? feedShown(feed) : null, lastAttempts: attempts };
  }

  @Post(':code/pause')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Send nothing to this provider until it is resumed; recorded with who and why' })
  @ApiOkResponse({ type: PauseDto })
  async pause(
    @Param('code') code: string,
    @Body() { reason, until: text }: NewPauseDto,
    @CurrentActor() actor: Actor,
  ): Promise<PauseDto> {
    const { providerId } = this.directory.byCode(code);
    const until = text === undefined ? null : new Date(text);
    if (until && until.getTime() <= Date.now())
      throw new Problem(422, 'pause-over', 'The pause would be over', 'Write a time in "until" that is still to come.');
    const details = until ? { until } : {};
    return { result: await pauseProvider(this.source, providerId, actor.actorId, reason, details) };
  }

  @Post(':code/resume')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Send again, at once' })
  @ApiOkResponse({ type: PauseDto })
  async resume(
    @Param('code') code: string,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<PauseDto> {
    const { providerId } = this.directory.byCode(code);
    const result = await resumeProvider(this.source, providerId, actor.actorId, reason);
    await this.wakeUp.wake([providerId]);
    return { result };
  }

  @Post(':code/release')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({
    summary: 'Let a quarantined provider be tried now, by a small batch; for whoever put right what stopped it',
  })
  @ApiOkResponse({ type: ReleasedDto })
  async release(
    @Param('code') code: string,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<ReleasedDto> {
    const { providerId } = this.directory.byCode(code);
    const result = await releaseProvider(this.source, providerId, actor.actorId, reason);
    await this.wakeUp.wake([providerId]);
    return { result };
  }

  @Get(':code/health')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'What its health was, newest first: the state, the sentence why, since when and by whom' })
  @ApiOkResponse({ type: HealthHistoryDto })
  async health(@Param('code') code: string, @Query() { limit }: PageQuery): Promise<HealthHistoryDto> {
    return { history: await healthHistory(this.source, this.directory.byCode(code).providerId, limit) };
  }
}
