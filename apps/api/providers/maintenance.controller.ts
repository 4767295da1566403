// Planned maintenance of a provider: planned, listed, cancelled or ended early.
import { Body, Controller, Delete, Get, Inject, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { WAKE_UP, type WakeUp } from '#contracts';
import { endMaintenance, listMaintenance, planMaintenance } from '#dispatch';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { MaintenanceDto, MaintenanceListDto, NewMaintenanceDto } from './maintenance.dto.js';

@ApiTags('providers')
@Controller('v1/providers/:code/maintenance')
export class MaintenanceController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Maintenance of a provider, newest first' })
  @ApiOkResponse({ type: MaintenanceListDto })
  async list(@Param('code') code: string, @Query() { limit }: PageQuery): Promise<MaintenanceListDto> {
    return { maintenance: await listMaintenance(this.source, this.directory.byCode(code).providerId, limit) };
  }

  @Post()
  @Scopes('ops.act')
  @ApiOperation({
    summary: 'Plan a time in which nothing is handed over, nothing counts as failing, and deadlines stand still',
  })
  @ApiCreatedResponse({ type: MaintenanceDto })
  plan(
    @Param('code') code: string,
    @Body() { from, until, reason }: NewMaintenanceDto,
    @CurrentActor() actor: Actor,
  ): Promise<MaintenanceDto> {
    const { providerId } = this.directory.byCode(code);
    const window = { from: new Date(from), until: new Date(until), reason };
    return planMaintenance(this.source, providerId, window, actor.actorId);
  }

  @Delete(':id')
  @Scopes('ops.act')
  @ApiBody({ type: ReasonDto })
  @ApiOperation({ summary: 'Cancel one that is planned, or end one that is under way' })
  @ApiOkResponse({ type: MaintenanceDto })
  async end(
    @Param('code') code: string,
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<MaintenanceDto> {
    const { providerId } = this.directory.byCode(code);
    const ended = await endMaintenance(this.source, providerId, id, reason, actor.actorId);
    await this.wakeUp.wake([providerId]);
    return ended;
  }
}
