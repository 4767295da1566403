// Planned hand-overs of a provider's lines to its successor: proposed with counts, approved by a second person, watched.
import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Inject,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import {
  approveHandOver,
  listHandOverExceptions,
  listHandOvers,
  pauseHandOver,
  proposeHandOver,
  resumeHandOver,
  showHandOver,
  startHandOver,
  stopHandOver,
} from '#intake';
import { CurrentActor, Scopes, VAULT, type Actor, type Vault } from '#platform';
import { nextOf, PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import {
  ApproveHandOverDto,
  HandOverDto,
  HandOverExceptionsDto,
  HandOverExceptionsQuery,
  HandOversDto,
  ProposeHandOverDto,
} from './hand-overs.dto.js';

@ApiTags('hand-overs')
@Controller('v1/hand-overs')
export class HandOversController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  @Post()
  @Scopes('onde', 'ops.act')
  @ApiOperation({ summary: 'Propose a hand-over: counts what would be moved and what would stay, and moves nothing' })
  @ApiCreatedResponse({ type: HandOverDto })
  async propose(
    @Body() { from, to, limitHours, reason }: ProposeHandOverDto,
    @CurrentActor() { actorId }: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HandOverDto> {
    const limitS = Math.round(limitHours * 3600);
    const codes = from.map((code) => code.toUpperCase());
    const proposal = { from: codes, to: to.toUpperCase(), limitS, reason, actorId };
    const proposed = await proposeHandOver(this.source, proposal);
    response.setHeader('Location', `/v1/hand-overs/${proposed.handOverId}`);
    return proposed;
  }

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'The newest hand-overs with their progress' })
  @ApiOkResponse({ type: HandOversDto })
  async list(@Query() { limit }: PageQuery): Promise<HandOversDto> {
    return { handOvers: await listHandOvers(this.source, limit) };
  }

  @Get(':id')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'One hand-over: plan, approval, progress in lines' })
  @ApiOkResponse({ type: HandOverDto })
  read(@Param('id', ParseIntPipe) id: number): Promise<HandOverDto> {
    return showHandOver(this.source, id);
  }

  @Get(':id/exceptions')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Lines that it left where they are, each with the reason' })
  @ApiOkResponse({ type: HandOverExceptionsDto })
  async exceptions(
    @Param('id', ParseIntPipe) id: number,
    @Query() { after, limit }: HandOverExceptionsQuery,
  ): Promise<HandOverExceptionsDto> {
    const rows = await listHandOverExceptions(this.source, id, after, limit);
    return {
      exceptions: rows.map((row) => ({ ...row, lineId: this.vault.opaqueId('line', row.lineId) })),
      next: nextOf(rows, limit, (row) => row.lineId),
    };
  }

  @Post(':id/approve')
  @Scopes('approve')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'A second person releases exactly the plan that has this hash' })
  @ApiOkResponse({ type: HandOverDto })
  approve(
    @Param('id', ParseIntPipe) id: number,
    @Body() { planHash, reason }: ApproveHandOverDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<HandOverDto> {
    return approveHandOver(this.source, id, { planHash, reason, actorId });
  }

  @Post(':id/start')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Start it; workers move the lines, additions before removals' })
  @ApiOkResponse({ type: HandOverDto })
  start(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<HandOverDto> {
    return startHandOver(this.source, id, { actorId, reason });
  }

  @Post(':id/pause')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Move no further lines; those on their way go on' })
  @ApiOkResponse({ type: HandOverDto })
  pause(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<HandOverDto> {
    return pauseHandOver(this.source, id, { actorId, reason });
  }

  @Post(':id/resume')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Go on after the last line that was moved' })
  @ApiOkResponse({ type: HandOverDto })
  resume(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<HandOverDto> {
    return resumeHandOver(this.source, id, { actorId, reason });
  }

  @Post(':id/stop')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'End it for good: what was moved stays moved, the rest stays where it is' })
  @ApiOkResponse({ type: HandOverDto })
  stop(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<HandOverDto> {
    return stopHandOver(this.source, id, { actorId, reason });
  }
}
