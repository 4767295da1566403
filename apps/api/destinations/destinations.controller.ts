// Destination lists for ONDE and ops: import, propose, approve, publish, roll back, and who enforces what.
import { Body, Controller, Get, HttpCode, Inject, Param, ParseIntPipe, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import {
  approve,
  cancelVersion,
  curateSelections,
  diffVersions,
  findDraft,
  findSource,
  findVersion,
  importSource,
  listDrafts,
  listSources,
  listStandings,
  listVersions,
  LONGEST_SOURCE_BYTES,
  propose,
  publish,
  readPolicy,
  rollBack,
  savePolicy,
  warningsOf,
  withdrawDraft,
  type DestinationPolicy,
} from '#destinations';
import { CurrentActor, Scopes, type Actor } from '#platform';
import { ReasonDto } from '../http/reason.dto.js';
import {
  ApprovalDto,
  DiffQueryDto,
  ListQueryDto,
  PolicyChangeDto,
  ProposalDto,
  RollbackDto,
  SourceQueryDto,
} from './destinations.dto.js';
import {
  ActResultDto,
  CuratedDto,
  DraftDto,
  DraftListDto,
  ImportedSourceDto,
  ListStandingsDto,
  SourceDetailDto,
  SourceListDto,
  VersionDiffDto,
  VersionDto,
  VersionListDto,
} from './destinations-shown.dto.js';
import { rawBody } from './raw-body.js';

@ApiTags('destinations')
@Scopes('onde', 'ops.read')
@Controller('v1/destinations')
export class DestinationsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Post('sources')
  @Scopes('onde')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Import a vendor’s list: Microsoft, Google, Webex, LINE, v2fly or a manual CSV, as the raw body',
  })
  @ApiConsumes('application/json', 'text/csv', 'text/plain', 'application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ type: ImportedSourceDto })
  async import(
    @Query() { reason, base, ...question }: SourceQueryDto,
    @Req() request: Request,
    @CurrentActor() actor: Actor,
  ): Promise<ImportedSourceDto> {
    // One byte more than is taken, so that the reader says it in its own words.
    const bytes = await rawBody(request, LONGEST_SOURCE_BYTES + 1);
    return importSource(
      this.source,
      bytes,
      { ...question, ...(base === undefined ? {} : { baseId: base }) },
      actor.actorId,
      reason,
    );
  }

  @Get('sources')
  @ApiOperation({ summary: 'Imported lists, newest first, each with the hash of its file' })
  @ApiOkResponse({ type: SourceListDto })
  async sources(@Query() { limit }: ListQueryDto): Promise<SourceListDto> {
    return { sources: await listSources(this.source, limit) };
  }

  @Get('sources/:id')
  @ApiOperation({ summary: 'One imported list with its sets, as the vendor wrote them' })
  @ApiOkResponse({ type: SourceDetailDto })
  readSource(@Param('id', ParseIntPipe) id: number): Promise<SourceDetailDto> {
    return findSource(this.source, id);
  }

  @Post('curations')
  @HttpCode(200)
  @ApiOperation({ summary: 'Show what would be proposed, without proposing it' })
  @ApiOkResponse({ type: CuratedDto })
  async curate(@Body() { selections }: ProposalDto): Promise<CuratedDto> {
    const { faults: _, ...curated } = await curateSelections(this.source, selections);
    return { ...curated, warnings: warningsOf(curated.entries) };
  }

  @Post('drafts')
  @Scopes('onde')
  @ApiOperation({ summary: 'Propose a list: chosen sets are curated; what is denied is shown with the reason' })
  @ApiCreatedResponse({ type: DraftDto })
  async propose(
    @Body() { selections, effectiveAt, reason }: ProposalDto,
    @CurrentActor() actor: Actor,
  ): Promise<DraftDto> {
    const proposal = { ...(selections ? { selections } : {}), effectiveAt: effectiveAt ?? null, reason };
    return findDraft(this.source, await propose(this.source, proposal, actor.actorId));
  }

  @Put('drafts/:id')
  @Scopes('onde')
  @ApiOperation({ summary: 'Propose another content of a draft; an approval of the old content falls' })
  @ApiOkResponse({ type: DraftDto })
  async revise(
    @Param('id', ParseIntPipe) id: number,
    @Body() { selections, effectiveAt, reason }: ProposalDto,
    @CurrentActor() actor: Actor,
  ): Promise<DraftDto> {
    const proposal = { ...(selections ? { selections } : {}), effectiveAt: effectiveAt ?? null, reason };
    return findDraft(this.source, await propose(this.source, proposal, actor.actorId, id));
  }

  @Get('drafts')
  @ApiOperation({ summary: 'Drafts, newest first' })
  @ApiOkResponse({ type: DraftListDto })
  async drafts(@Query() { limit }: ListQueryDto): Promise<DraftListDto> {
    return { drafts: await listDrafts(this.source, limit) };
  }

  @Get('drafts/:id')
  @Scopes('onde', 'ops.read', 'approve')
  @ApiOperation({ summary: 'One draft: the list, what was denied and why, and the difference it would make' })
  @ApiOkResponse({ type: DraftDto })
  readDraft(@Param('id', ParseIntPipe) id: number): Promise<DraftDto> {
    return findDraft(this.source, id);
  }

  @Post('drafts/:id/approve')
  @Scopes('approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approve a draft as a second person, bound to the content that was seen' })
  @ApiOkResponse({ type: ActResultDto })
  async approve(
    @Param('id', ParseIntPipe) id: number,
    @Body() { contentSha256, reason }: ApprovalDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    return { result: await approve(this.source, id, contentSha256, actor.actorId, reason) };
  }

  @Post('drafts/:id/publish')
  @Scopes('onde')
  @HttpCode(200)
  @ApiOperation({ summary: 'Publish an approved draft as a numbered version' })
  @ApiOkResponse({ type: ActResultDto })
  publish(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    return publish(this.source, id, actor.actorId, reason, new Date());
  }

  @Post('drafts/:id/withdraw')
  @Scopes('onde', 'approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close a draft that is not wanted' })
  @ApiOkResponse({ type: ActResultDto })
  async withdraw(
    @Param('id', ParseIntPipe) id: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    return { result: await withdrawDraft(this.source, id, actor.actorId, reason) };
  }

  @Get('versions')
  @ApiOperation({ summary: 'Published versions, newest first' })
  @ApiOkResponse({ type: VersionListDto })
  async versions(@Query() { limit }: ListQueryDto): Promise<VersionListDto> {
    return { versions: await listVersions(this.source, limit) };
  }

  @Get('versions/:version')
  @ApiOperation({ summary: 'One version whole, with the provenance of every destination' })
  @ApiOkResponse({ type: VersionDto })
  readVersion(@Param('version', ParseIntPipe) version: number): Promise<VersionDto> {
    return findVersion(this.source, version);
  }

  @Get('versions/:version/diff')
  @ApiOperation({ summary: 'What is new in a version, and what is gone' })
  @ApiOkResponse({ type: VersionDiffDto })
  diff(@Param('version', ParseIntPipe) version: number, @Query() { since }: DiffQueryDto): Promise<VersionDiffDto> {
    return diffVersions(this.source, version, since);
  }

  @Post('versions/:version/rollback')
  @Scopes('onde')
  @ApiOperation({
    summary: 'Propose the content of an older version again; it is approved and published like any other',
  })
  @ApiCreatedResponse({ type: DraftDto })
  async rollback(
    @Param('version', ParseIntPipe) version: number,
    @Body() { reason, effectiveAt }: RollbackDto,
    @CurrentActor() actor: Actor,
  ): Promise<DraftDto> {
    return findDraft(this.source, await rollBack(this.source, version, actor.actorId, reason, effectiveAt ?? null));
  }

  @Post('versions/:version/cancel')
  @Scopes('onde')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take back a version that waits for its day' })
  @ApiOkResponse({ type: ActResultDto })
  async cancel(
    @Param('version', ParseIntPipe) version: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    return { result: await cancelVersion(this.source, version, actor.actorId, reason) };
  }

  @Get('status')
  @ApiOperation({ summary: 'Which provider enforces which version, and what became of the one that is due' })
  @ApiOkResponse({ type: ListStandingsDto })
  async status(): Promise<ListStandingsDto> {
    return { providers: await listStandings(this.source) };
  }

  @Get('policy')
  @ApiOperation({ summary: 'The deny list and the size limits in force' })
  @ApiOkResponse({ schema: { type: 'object' } })
  policy(): Promise<DestinationPolicy> {
    return readPolicy(this.source);
  }

  @Put('policy')
  @Scopes('onde')
  @ApiOperation({ summary: 'Put another policy in force; lists that are published stay as they are' })
  @ApiOkResponse({ schema: { type: 'object' } })
  async changePolicy(
    @Body() { policy, reason }: PolicyChangeDto,
    @CurrentActor() actor: Actor,
  ): Promise<DestinationPolicy> {
    await savePolicy(this.source, policy as DestinationPolicy, actor.actorId, reason);
    return readPolicy(this.source);
  }
}
