// Mass removals that were planned: proposed with their count, approved by a second person, with a reservation of their own.
import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { approvePlanned, listPlanned, proposePlanned, withdrawPlanned } from '#whitelist';
import { nextOf } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { PlannedRemovalDto, PlannedRemovalsDto, PlannedRemovalsQuery, ProposePlannedDto } from './removals.dto.js';

@ApiTags('removals')
@Controller('v1/planned-removals')
export class PlannedRemovalsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Post()
  @Scopes('onde', 'ops.act')
  @ApiOperation({ summary: 'Propose one: nothing may go on it before somebody else has approved it' })
  @ApiCreatedResponse({ type: PlannedRemovalDto })
  async propose(
    @Body() { provider, ...proposal }: ProposePlannedDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlannedRemovalDto> {
    const { providerId } = this.directory.byCode(provider);
    return this.one(await proposePlanned(this.source, { providerId, ...proposal, actorId }));
  }

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Planned removals and how much of each is used, newest first' })
  @ApiOkResponse({ type: PlannedRemovalsDto })
  async list(@Query() { provider, before, limit }: PlannedRemovalsQuery): Promise<PlannedRemovalsDto> {
    const planned = await listPlanned(this.source, {
      ...(provider === undefined ? {} : { providerId: this.directory.byCode(provider).providerId }),
      ...(before === undefined ? {} : { before }),
      limit,
    });
    return { planned, next: nextOf(planned, limit, (each) => each.plannedId) };
  }

  @Post(':id/approve')
  @Scopes('approve')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Somebody other than who proposed it lets so many removals go until its time is over' })
  @ApiOkResponse({ type: PlannedRemovalDto })
  async approve(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlannedRemovalDto> {
    await approvePlanned(this.source, id, { actorId, reason });
    return this.one(id);
  }

  @Post(':id/withdraw')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Nothing more may go on it' })
  @ApiOkResponse({ type: PlannedRemovalDto })
  async withdraw(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlannedRemovalDto> {
    await withdrawPlanned(this.source, id, { actorId, reason });
    return this.one(id);
  }

  private async one(plannedId: number): Promise<PlannedRemovalDto> {
    const [found] = await listPlanned(this.source, { plannedId, limit: 1 });
    if (!found) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No planned removal has this number.');
    return found;
  }
}
