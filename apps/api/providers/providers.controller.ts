// Providers as ops and ONDE see them, and a provider sees itself; pausing and resuming.
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { WAKE_UP, type WakeUp } from '#contracts';
import { feedStanding, pauseProvider, resumeProvider } from '#dispatch';
import { lastAttempts } from '#operations';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { feedShown } from '../feed/feed-shown.js';
import { ReasonDto } from '../http/reason.dto.js';
import { ProviderCounter } from './provider-counter.js';
import { PauseDto, ProviderDetailDto, ProviderListDto } from './providers.dto.js';

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
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<PauseDto> {
    const { providerId } = this.directory.byCode(code);
    return { result: await pauseProvider(this.source, providerId, actor.actorId, reason) };
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
}
