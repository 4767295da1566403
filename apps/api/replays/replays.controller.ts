// Working off exceptions: preview what would be sent again, start it with a reason, watch it, stop it.
import { Body, Controller, Get, HttpCode, Inject, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import {
  groupReplay,
  listReplayItems,
  listReplays,
  previewReplay,
  startReplay,
  stopReplay,
  withdrawReplay,
} from '#acknowledgement';
import { isResultCode, Problem, RESULT_CODES, WAKE_UP, type WakeUp } from '#contracts';
import { CurrentActor, ProviderDirectory, Scopes, VAULT, type Actor, type Vault } from '#platform';
import { nextOf, PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { ReplayDetailDto, ReplayFilterDto, ReplayItemsDto, ReplayItemsQuery, ReplayListDto } from './replays.dto.js';

@ApiTags('exceptions')
@Controller('v1')
export class ReplaysController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Post('providers/:code/replays')
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Freeze a preview of the open exceptions that fit; nothing is sent before it is started' })
  @ApiCreatedResponse({ type: ReplayDetailDto })
  async preview(
    @Param('code') code: string,
    @Body() filter: ReplayFilterDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<ReplayDetailDto> {
    const { providerId } = this.directory.byCode(code);
    return this.one(await previewReplay(this.source, providerId, filter, actorId));
  }

  @Get('providers/:code/replays')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Replays, newest first' })
  @ApiOkResponse({ type: ReplayListDto })
  async list(@Param('code') code: string, @Query() { before, limit }: PageQuery): Promise<ReplayListDto> {
    const { providerId } = this.directory.byCode(code);
    const replays = await listReplays(this.source, { providerId, ...(before === undefined ? {} : { before }), limit });
    return { replays, next: nextOf(replays, limit, (replay) => replay.replayId) };
  }

  @Get('replays/:replay')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'One replay with its progress by cause' })
  @ApiOkResponse({ type: ReplayDetailDto })
  read(@Param('replay', ParseIntPipe) replayId: number): Promise<ReplayDetailDto> {
    return this.one(replayId);
  }

  @Get('replays/:replay/items')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Its lines one by one, with what became of each' })
  @ApiOkResponse({ type: ReplayItemsDto })
  async items(
    @Param('replay', ParseIntPipe) replayId: number,
    @Query() { after, limit }: ReplayItemsQuery,
  ): Promise<ReplayItemsDto> {
    const items = await listReplayItems(this.source, replayId, after, limit);
    return {
      items: items.map((item) => ({ ...item, lineId: this.vault.opaqueId('line', item.lineId) })),
      next: nextOf(items, limit, (item) => item.seq),
    };
  }

  @Post('replays/:replay/start')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Start it, or go on with one that was stopped' })
  @ApiOkResponse({ type: ReplayDetailDto })
  async start(
    @Param('replay', ParseIntPipe) replayId: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<ReplayDetailDto> {
    await startReplay(this.source, replayId, { actorId, reason });
    const replay = await this.one(replayId);
    await this.wakeUp.wake([this.directory.byCode(replay.provider).providerId]);
    return replay;
  }

  @Post('replays/:replay/stop')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Stop it after the chunk that is under way; what was appended stays' })
  @ApiOkResponse({ type: ReplayDetailDto })
  async stop(
    @Param('replay', ParseIntPipe) replayId: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<ReplayDetailDto> {
    await stopReplay(this.source, replayId, { actorId, reason });
    return this.one(replayId);
  }

  @Post('replays/:replay/withdraw')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Take a preview, or what is left of a stopped one, back' })
  @ApiOkResponse({ type: ReplayDetailDto })
  async withdraw(
    @Param('replay', ParseIntPipe) replayId: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<ReplayDetailDto> {
    await withdrawReplay(this.source, replayId, { actorId, reason });
    return this.one(replayId);
  }

  private async one(replayId: number): Promise<ReplayDetailDto> {
    const [replay] = await listReplays(this.source, { replayId, limit: 1 });
    if (!replay) throw new Problem(404, 'unknown-replay', 'Unknown replay', 'No replay has this number.');
    const groups = await groupReplay(this.source, replayId);
    return {
      ...replay,
      groups: groups.map((group) => ({
        ...group,
        retry: isResultCode(group.code) ? RESULT_CODES[group.code].retry : null,
      })),
    };
  }
}
