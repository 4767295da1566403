// Batch syncs: ONDE triggers one, watches it, and may cancel what has not been sealed.
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
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { Problem, WAKE_UP, type WakeUp } from '#contracts';
import { cancelSync, listSyncs, previewSync, readSync, startSync, type SyncPreview } from '#dispatch';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { SyncDto, SyncListDto, SyncPreviewDto, SyncRequestDto } from './syncs.dto.js';

@ApiTags('syncs')
@ApiExtraModels(SyncDto, SyncPreviewDto)
@Controller('v1/syncs')
export class SyncsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Post()
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Trigger a batch sync, or with dryRun only tell what it would send' })
  @ApiAcceptedResponse({ type: SyncDto })
  @ApiOkResponse({ schema: { $ref: getSchemaPath(SyncPreviewDto) }, description: 'With dryRun' })
  async start(
    @Body() body: SyncRequestDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SyncDto | SyncPreviewDto> {
    const ids = body.providers
      ? body.providers.map((code) => this.directory.byCode(code).providerId)
      : this.directory.all().map((row) => row.providerId);
    if (body.dryRun) {
      response.status(HttpStatus.OK);
      const parts = await previewSync(this.source, ids, body.kind);
      return { dryRun: true, kind: body.kind, providers: parts.map((part) => this.named(part)) };
    }
    const syncId = await startSync(this.source, ids, body.kind, body.reason, actor.actorId);
    await this.wakeUp.wake(ids);
    response.setHeader('Location', `/v1/syncs/${syncId}`);
    return this.read(syncId);
  }

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'The newest syncs' })
  @ApiOkResponse({ type: SyncListDto })
  async list(@Query() { limit }: PageQuery): Promise<SyncListDto> {
    return { syncs: await listSyncs(this.source, limit) };
  }

  @Get(':id')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Progress of one sync, in counts per provider' })
  @ApiOkResponse({ type: SyncDto })
  async read(@Param('id', ParseIntPipe) id: number): Promise<SyncDto> {
    const sync = await readSync(this.source, id);
    if (!sync)
      throw new Problem(404, 'unknown-sync', 'Unknown sync', 'No sync has this number; GET /v1/syncs lists them.');
    return { ...sync, providers: sync.providers.map((part) => this.named(part)) };
  }

  @Post(':id/cancel')
  @Scopes('onde', 'ops.act')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Cancel what waits; a full list that is on its way is finished' })
  @ApiOkResponse({ type: SyncDto })
  async cancel(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<SyncDto> {
    await this.read(id);
    await cancelSync(this.source, id, actor.actorId, reason);
    return this.read(id);
  }

  private named<Part extends SyncPreview>({ providerId, ...part }: Part) {
    return { provider: this.directory.byId(providerId).code, ...part };
  }
}
