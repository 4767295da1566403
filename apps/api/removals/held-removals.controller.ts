// Removals that the brake holds: what they are, with the hash of exactly these; approved by a second person, or kept.
import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { approveHeld, brakeStates, keepHeld, listHeld } from '#whitelist';
import { nextOf } from '../http/paging.dto.js';
import { DecideHeldDto, HeldPlanDto, HeldRemovalsDto, HeldRemovalsQuery } from './removals.dto.js';

@ApiTags('removals')
@Controller('v1/held-removals')
export class HeldRemovalsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'The brake of each provider, and what it holds by cause, newest first' })
  @ApiOkResponse({ type: HeldRemovalsDto })
  async list(@Query() { provider, state, before, limit }: HeldRemovalsQuery): Promise<HeldRemovalsDto> {
    const providerId = provider === undefined ? null : this.directory.byCode(provider).providerId;
    const [brakes, plans] = await Promise.all([
      brakeStates(this.source, providerId),
      listHeld(this.source, {
        ...(providerId === null ? {} : { providerId }),
        state,
        ...(before === undefined ? {} : { before }),
        limit,
      }),
    ]);
    return {
      brakes: brakes.map(({ providerId: _, ...brake }) => brake),
      plans,
      next: nextOf(plans, limit, (plan) => plan.plan),
    };
  }

  @Post('approvals')
  @Scopes('approve')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Somebody who did not cause them lets exactly the removals with this hash go' })
  @ApiOkResponse({ type: HeldPlanDto })
  async approve(@Body() body: DecideHeldDto, @CurrentActor() { actorId }: Actor): Promise<HeldPlanDto> {
    await approveHeld(this.source, { ...body, actorId });
    return this.one(body.plan);
  }

  @Post('refusals')
  @Scopes('approve')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'The lines stay at the provider until they are registered again, are over, or are approved',
  })
  @ApiOkResponse({ type: HeldPlanDto })
  async keep(@Body() body: DecideHeldDto, @CurrentActor() { actorId }: Actor): Promise<HeldPlanDto> {
    await keepHeld(this.source, { ...body, actorId });
    return this.one(body.plan);
  }

  private async one(plan: number): Promise<HeldPlanDto> {
    const [found] = await listHeld(this.source, { state: 'all', plan, limit: 1 });
    if (!found) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No held removals have this number.');
    return found;
  }
}
