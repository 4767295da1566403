// Re-route tasks: lines that their provider does not have (any more), for ONDE to find the new one or give them up.
import { Body, Controller, Get, HttpCode, HttpStatus, Inject, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '#contracts';
import { closeReroute, countReroutes, INTAKE_PARTS, listReroutes, resolveReroute, type IntakeParts } from '#intake';
import { maskLine } from '#operations';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { nextOf } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { RerouteCountsDto, ReroutesDto, ReroutesQuery, ResolveRerouteDto } from './reroutes.dto.js';

/** Clocks of agencies' servers run ahead of ours by up to this much. */
const CLOCKS_MS = 5 * 60_000;

@ApiTags('reroutes')
@Controller('v1/reroutes')
export class ReroutesController {
  constructor(
    @Inject(INTAKE_PARTS) private readonly parts: IntakeParts,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Re-route tasks, newest first, by provider or agency' })
  @ApiOkResponse({ type: ReroutesDto })
  async list(@Query() { state, provider, agency, before, limit }: ReroutesQuery): Promise<ReroutesDto> {
    const tasks = await listReroutes(this.parts.source, {
      state,
      limit,
      ...(before === undefined ? {} : { before }),
      ...(provider === undefined ? {} : { providerId: this.directory.byCode(provider).providerId }),
      ...(agency === undefined ? {} : { agencyId: await this.agencyOf(agency) }),
    });
    return {
      reroutes: tasks.map(({ lineId, lineKey, ...task }) => ({
        ...task,
        ...maskLine(lineKey),
        lineId: this.parts.vault.opaqueId('line', lineId),
      })),
      next: nextOf(tasks, limit, (task) => task.rerouteId),
    };
  }

  @Get('counts')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Open tasks by provider and code, and by agency' })
  @ApiOkResponse({ type: RerouteCountsDto })
  counts(): Promise<RerouteCountsDto> {
    return countReroutes(this.parts.source);
  }

  @Post(':id/resolve')
  @Scopes('onde')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'A new confirmation names the provider that has the line: it is added there' })
  @ApiNoContentResponse()
  async resolve(
    @Param('id', ParseIntPipe) id: number,
    @Body() body: ResolveRerouteDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<void> {
    const { provider, confirmedAt, confirmedBy, documentRef, reason } = body;
    if (Date.parse(confirmedAt) > Date.now() + CLOCKS_MS) {
      throw new Problem(422, 'invalid-reroute', 'The line cannot be re-routed so', 'confirmedAt is in the future.', {
        detailTh: 'วันเวลาที่ยืนยันอยู่ในอนาคต',
      });
    }
    const confirmation = { at: confirmedAt, by: confirmedBy, document: documentRef };
    await resolveReroute(this.parts, id, { provider, confirmation, reason, actorId });
  }

  @Post(':id/close')
  @Scopes('onde')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Give the line up: its registrations at this provider are cancelled' })
  @ApiNoContentResponse()
  async close(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<void> {
    await closeReroute(this.parts, id, { reason, actorId });
  }

  private async agencyOf(named: string): Promise<number> {
    const found = (await this.parts.catalogue.get()).resolveAgency(named, '');
    if (found.outcome === 'agency') return found.id;
    throw new Problem(404, 'unknown-agency', 'Unknown agency', 'GET /v1/agencies lists them.', {
      detailTh: 'ไม่พบหน่วยงานนี้',
    });
  }
}
