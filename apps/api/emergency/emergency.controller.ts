// Halting all sending at once, and letting it go on again by two people.
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { WAKE_UP, type WakeUp } from '#contracts';
import { readStop, releaseStop, stopEverything } from '#dispatch';
import { CurrentActor, Scopes, type Actor } from '#platform';
import { ReasonDto } from '../http/reason.dto.js';
import { EmergencyDto, ReleaseDto } from './emergency.dto.js';

@ApiTags('operations')
@Controller('v1/emergency-stop')
export class EmergencyController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read', 'ops.act', 'approve')
  @ApiOperation({ summary: 'Whether everything is stopped, by whom and why' })
  @ApiOkResponse({ type: EmergencyDto })
  async read(): Promise<EmergencyDto> {
    return { stop: await readStop(this.source) };
  }

  @Post()
  @HttpCode(200)
  @Scopes('onde', 'ops.act', 'approve')
  @ApiOperation({ summary: 'Stop sending to every provider, at once' })
  @ApiOkResponse({ type: EmergencyDto })
  async stop(@Body() { reason }: ReasonDto, @CurrentActor() { actorId }: Actor): Promise<EmergencyDto> {
    await stopEverything(this.source, { actorId, reason });
    return this.read();
  }

  @Post('release')
  @HttpCode(200)
  @Scopes('ops.act', 'approve')
  @ApiOperation({ summary: 'The first call asks for the release, a second person’s grants it' })
  @ApiOkResponse({ type: ReleaseDto })
  async release(@Body() { reason }: ReasonDto, @CurrentActor() { actorId }: Actor): Promise<ReleaseDto> {
    const released = await releaseStop(this.source, { actorId, reason });
    if (released.result === 'released') await this.wakeUp.wake(released.providerIds);
    return { result: released.result, ...(await this.read()) };
  }
}
