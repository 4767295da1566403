// Imports over HTTP: files and streams come in as runs that workers carry out; files go back as streams.
import { InjectQueue } from '@nestjs/bullmq';
import { Body, Controller, Get, HttpCode, Inject, Optional, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Queue } from 'bullmq';
import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem, type ProblemItem } from '#contracts';
import { type Actor, CONFIG, type Config, CurrentActor, faultPoint, LOGGER, type Logger, Scopes } from '#platform';
import { INTAKE_PARTS } from '../intake-parts.js';
import type { IntakeParts } from '../register.js';
import { runErrorFile } from '../runs/error-file.js';
import { makeExtension } from '../runs/extend.js';
import { receiveOriginal } from '../runs/original.js';
import { runReturnFile, STANDINGS, type Standings } from '../runs/return-file.js';
import {
  askForUndo,
  findRun,
  listRuns,
  rejectedRows,
  showRun,
  startRun,
  stopRun,
  type RunView,
} from '../runs/run-book.js';
import { IMPORT_QUEUE, queueUnfinishedRuns, type ImportJob } from '../runs/unfinished-runs.js';
import { ExtensionDto, ImportQueryDto, ListQueryDto, RowsQueryDto } from './imports.dto.js';
import { uploadedFile } from './uploaded-file.js';

@ApiTags('imports')
@Scopes('onde')
@Controller('v1')
export class ImportsController {
  constructor(
    @Inject(INTAKE_PARTS) private readonly parts: IntakeParts,
    @InjectQueue(IMPORT_QUEUE) private readonly queue: Queue<ImportJob>,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(CONFIG) private readonly config: Config,
    @Optional() @Inject(STANDINGS) private readonly standings: Standings | null = null,
  ) {}

  @Post('imports')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Import a CSV or XLSX file: as the raw body, or as the part `file` of multipart/form-data.',
  })
  @ApiConsumes(
    'multipart/form-data',
    'text/csv',
    'application/octet-stream',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  )
  @ApiBody({ schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } } })
  async import(
    @Query() asked: ImportQueryDto,
    @Req() request: Request,
    @CurrentActor() actor: Actor,
  ): Promise<RunView> {
    return this.receive(asked, uploadedFile(request), false, actor);
  }

  @Post('registrations/bulk')
  @HttpCode(202)
  @ApiOperation({ summary: 'Register a stream of registrations, one JSON object a line, any number of them.' })
  @ApiConsumes('application/x-ndjson')
  async bulk(@Query() asked: ImportQueryDto, @Req() request: Request, @CurrentActor() actor: Actor): Promise<RunView> {
    if (!request.is('application/x-ndjson')) {
      throw new Problem(
        415,
        'wrong-content-type',
        'Wrong content type',
        'Send application/x-ndjson: one registration as JSON in each line.',
      );
    }
    return this.receive(asked, request, true, actor);
  }

  @Post('extensions')
  @HttpCode(202)
  @ApiOperation({
    summary:
      "Extend the programme's dates: makes a dry run of all registrations that end on a day. Start it to move them.",
  })
  async extend(@Body() body: ExtensionDto, @CurrentActor() actor: Actor): Promise<RunView> {
    const agencyId = body.agency === undefined ? null : await this.agencyOf(body.agency);
    const { endingOn, to } = body;
    const runId = await makeExtension(this.parts.source, this.parts.vault, {
      endingOn,
      to,
      agencyId,
      actorId: actor.actorId,
    });
    await this.work(runId);
    return showRun(this.parts.source, runId);
  }

  private async receive(
    asked: ImportQueryDto,
    bytes: AsyncIterable<Buffer>,
    ndjson: boolean,
    actor: Actor,
  ): Promise<RunView> {
    const { mode = 'add', agency, dryRun = false, ...options } = asked;
    const agencyId = agency === undefined ? null : await this.agencyOf(agency);
    if (mode === 'roster' && agencyId === null) {
      throw new Problem(
        422,
        'roster-needs-agency',
        'A roster needs its agency',
        'Say with the parameter agency whose complete list this is.',
        {
          detailTh: 'การนำเข้าแบบรายชื่อทั้งหมด (roster) ต้องระบุหน่วยงาน',
        },
      );
    }
    const runId = await receiveOriginal(
      this.parts.source,
      this.parts.vault,
      { mode, agencyId, dryRun, options, actorId: actor.actorId, ndjson },
      bytes,
    );
    await faultPoint('import.received');
    await this.work(runId);
    return showRun(this.parts.source, runId);
  }

  /** @throws Problem 422 that offers the nearest names */
  private async agencyOf(name: string): Promise<number> {
    const reading = (await this.parts.catalogue.get()).resolveAgency(name, '');
    if (reading.outcome === 'agency') return reading.id;
    throw new Problem(
      422,
      'unknown-agency',
      'Unknown agency',
      `Write its full Thai name or its code. Nearest: ${reading.known}`,
      {
        detailTh: `ระบุชื่อเต็มหรือรหัสหน่วยงาน ใกล้เคียง: ${reading.known}`,
      },
    );
  }

  /** A queue that cannot be reached costs a sweep, not the request. */
  private async work(runId: number): Promise<void> {
    try {
      await queueUnfinishedRuns(this.parts.source, this.queue, runId);
    } catch (error) {
      this.log.warn({
        event: 'import not queued',
        run: runId,
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  }

  @Get('imports')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Imports, newest first, 100 at a time.' })
  async list(@Query() { before }: ListQueryDto): Promise<{ imports: RunView[] }> {
    return { imports: await listRuns(this.parts.source, before) };
  }

  @Get('imports/:id')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'One import: what was understood, how far it is, its counts.' })
  show(@Param('id') id: string): Promise<RunView> {
    return showRun(this.parts.source, Number(id));
  }

  @Get('imports/:id/rejected')
  @ApiOperation({ summary: 'Rejected rows with reasons, 100 at a time.' })
  async rejected(@Param('id') id: string, @Query() { after }: RowsQueryDto): Promise<{ errors: ProblemItem[] }> {
    const run = await findRun(this.parts.source, Number(id));
    return { errors: await rejectedRows(this.parts.source, run.run_id, after) };
  }

  @Post('imports/:id/start')
  @HttpCode(202)
  @ApiOperation({ summary: 'Start a dry run for real, or let a stopped or failed import go on.' })
  async start(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<RunView> {
    const run = await startRun(this.parts.source, Number(id), actor.actorId);
    await this.work(run.runId);
    return run;
  }

  @Post('imports/:id/stop')
  @HttpCode(202)
  @Scopes('onde', 'ops.act')
  @ApiOperation({ summary: 'Stop after the chunk at hand; what was written stays.' })
  stop(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<RunView> {
    return stopRun(this.parts.source, Number(id), actor.actorId);
  }

  @Post('imports/:id/undo')
  @HttpCode(202)
  @ApiOperation({ summary: 'Undo an import; what was changed again since stays.' })
  async undo(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<RunView> {
    const run = await askForUndo(this.parts.source, Number(id), actor.actorId, this.config.retention.historyDays);
    await this.work(run.runId);
    return run;
  }

  @Get('imports/:id/errors.csv')
  @ApiOperation({ summary: 'The rejected rows in the columns they came in, with reasons and remedies.' })
  async errors(@Param('id') id: string, @Res() response: Response): Promise<void> {
    const run = await findRun(this.parts.source, Number(id));
    await send(
      response,
      await runErrorFile(this.parts.source, this.parts.vault, run),
      `import-${run.run_id}-errors.csv`,
    );
  }

  @Get('imports/:id/return.csv')
  @ApiOperation({ summary: 'All rows as they came, with provider, status, reason and remedy as of now.' })
  async returned(@Param('id') id: string, @Res() response: Response): Promise<void> {
    const run = await findRun(this.parts.source, Number(id));
    await send(
      response,
      await runReturnFile(this.parts.source, this.parts.vault, run, this.standings),
      `import-${run.run_id}-return.csv`,
    );
  }
}

async function send(response: Response, file: Readable, name: string): Promise<void> {
  response.setHeader('Content-Type', 'text/csv; charset=utf-8');
  response.setHeader('Content-Disposition', `attachment; filename="${name}"`);
  response.setHeader('Cache-Control', 'no-store');
  await pipeline(file, response);
}
