// What a provider holds against what it acknowledged: ask for a comparison, read what differs, plan a repair.
import { InjectQueue } from '@nestjs/bullmq';
import { Body, Controller, Get, HttpCode, Inject, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import {
  type Actor,
  CurrentActor,
  faultPoint,
  LOGGER,
  type Logger,
  ProviderDirectory,
  Scopes,
  VAULT,
  type Vault,
} from '#platform';
import {
  approveRepair,
  groupDrift,
  listDrift,
  listPlans,
  listRuns,
  listSnapshots,
  proposeRepair,
  queueRun,
  RECONCILE_QUEUE,
  wantReconciliation,
  withdrawRepair,
  type ReconcileJob,
} from '#reconciliation';
import { nextOf, PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import {
  ApproveDto,
  DriftListDto,
  DriftQuery,
  PlanDto,
  PlansDto,
  RunDto,
  RunsDto,
  SnapshotsDto,
  StartDto,
} from './reconciliation.dto.js';

const PLANS_SHOWN = 50;
const SNAPSHOTS_SHOWN = 50;

@ApiTags('reconciliation')
@Controller('v1')
export class ReconciliationController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(VAULT) private readonly vault: Vault,
    @InjectQueue(RECONCILE_QUEUE) private readonly queue: Queue<ReconcileJob>,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @Post('providers/:code/reconciliations')
  @HttpCode(202)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Compare now; one that waits or runs already is the answer' })
  @ApiAcceptedResponse({ type: RunDto })
  async start(
    @Param('code') code: string,
    @Body() { reason, by }: StartDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<RunDto> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const runId = await wantReconciliation(this.source, providerId, { actorId, reason }, by ?? null);
    await faultPoint('reconcile.wanted');
    // Without the queue the worker's sweep finds the run a little later.
    await queueRun(this.queue, { runId, provider }, Date.now()).catch(() =>
      this.log.warn({ event: 'no job could be added', provider, run: runId }),
    );
    return this.run(runId);
  }

  @Get('reconciliations/:run')
  @Scopes('ops.read')
  @ApiOperation({ summary: 'One comparison' })
  @ApiOkResponse({ type: RunDto })
  read(@Param('run', ParseIntPipe) runId: number): Promise<RunDto> {
    return this.run(runId);
  }

  @Get('providers/:code/reconciliations')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Comparisons, newest first' })
  @ApiOkResponse({ type: RunsDto })
  async list(@Param('code') code: string, @Query() { before, limit }: PageQuery): Promise<RunsDto> {
    const { providerId } = this.directory.byCode(code);
    const runs = await listRuns(this.source, { providerId, ...(before === undefined ? {} : { before }), limit });
    return { runs, next: nextOf(runs, limit, (run) => run.runId) };
  }

  @Get('reconciliations')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Comparisons with all providers, newest first' })
  @ApiOkResponse({ type: RunsDto })
  async listAll(@Query() { before, limit }: PageQuery): Promise<RunsDto> {
    const runs = await listRuns(this.source, { ...(before === undefined ? {} : { before }), limit });
    return { runs, next: nextOf(runs, limit, (run) => run.runId) };
  }

  @Get('providers/:code/snapshots')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Whole lists that were used or refused, newest first' })
  @ApiOkResponse({ type: SnapshotsDto })
  async snapshots(@Param('code') code: string): Promise<SnapshotsDto> {
    const { providerId } = this.directory.byCode(code);
    return { snapshots: await listSnapshots(this.source, providerId, SNAPSHOTS_SHOWN) };
  }

  @Get('providers/:code/drift')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'What differs as of the last comparison: by cause, and entry by entry' })
  @ApiOkResponse({ type: DriftListDto })
  async drift(@Param('code') code: string, @Query() { kind, after, limit }: DriftQuery): Promise<DriftListDto> {
    const { providerId } = this.directory.byCode(code);
    const [groups, entries] = await Promise.all([
      groupDrift(this.source, providerId),
      listDrift(this.source, {
        providerId,
        ...(kind === undefined ? {} : { kind }),
        ...(after === undefined ? {} : { after }),
        limit,
      }),
    ]);
    return {
      groups,
      entries: entries.map((entry) => ({
        ...entry,
        lineId: entry.lineId === null ? null : this.vault.opaqueId('line', entry.lineId),
      })),
      next: entries.length === limit ? (entries.at(-1)?.ref ?? null) : null,
    };
  }

  @Post('providers/:code/repair-plans')
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Freeze what would be put right now; nothing is done before somebody else approves it' })
  @ApiCreatedResponse({ type: PlanDto })
  async propose(
    @Param('code') code: string,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlanDto> {
    const { providerId } = this.directory.byCode(code);
    return this.plan(await proposeRepair(this.source, providerId, { actorId, reason }));
  }

  @Get('providers/:code/repair-plans')
  @Scopes('ops.read', 'approve')
  @ApiOperation({ summary: 'Repair plans, newest first' })
  @ApiOkResponse({ type: PlansDto })
  async plans(@Param('code') code: string): Promise<PlansDto> {
    const { providerId } = this.directory.byCode(code);
    return { plans: await listPlans(this.source, { providerId, limit: PLANS_SHOWN }) };
  }

  @Post('repair-plans/:plan/approve')
  @HttpCode(200)
  @Scopes('approve')
  @ApiOperation({
    summary: 'Approve a plan of somebody else, named by its hash; refused when what it was made from changed',
  })
  @ApiOkResponse({ type: PlanDto })
  async approve(
    @Param('plan', ParseIntPipe) planId: number,
    @Body() { sha256, reason }: ApproveDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlanDto> {
    await approveRepair(this.source, planId, sha256, { actorId, reason });
    return this.plan(planId);
  }

  @Post('repair-plans/:plan/withdraw')
  @HttpCode(200)
  @Scopes('ops.act', 'approve')
  @ApiOperation({ summary: 'Take a plan back before it is approved' })
  @ApiOkResponse({ type: PlanDto })
  async withdraw(
    @Param('plan', ParseIntPipe) planId: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() { actorId }: Actor,
  ): Promise<PlanDto> {
    await withdrawRepair(this.source, planId, { actorId, reason });
    return this.plan(planId);
  }

  private async run(runId: number): Promise<RunDto> {
    const [run] = await listRuns(this.source, { runId, limit: 1 });
    if (!run) throw new Problem(404, 'unknown-run', 'Unknown comparison', 'No comparison has this number.');
    return run;
  }

  private async plan(planId: number): Promise<PlanDto> {
    const [plan] = await listPlans(this.source, { planId, limit: 1 });
    if (!plan) throw new Problem(404, 'unknown-plan', 'Unknown plan', 'No repair plan has this number.');
    return plan;
  }
}
