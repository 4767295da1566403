// A provider's batches, their attempts, and their exact bytes again.
import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Param, ParseIntPipe, Query, Req, Res } from '@nestjs/common';
import { ApiGoneResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DataSource } from 'typeorm';
import { Problem, type SealedPart } from '#contracts';
import { mediaTypeOf } from '#adapters';
import { readParts } from '#dispatch';
import { attemptsAt, findBatch, listBatches, recordAct, type BatchSummary } from '#operations';
import { CurrentActor, inTransaction, ProviderDirectory, Scopes, type Actor } from '#platform';
import { sendBytes } from '../feed/send-bytes.js';
import { nextOf, PageQuery } from '../http/paging.dto.js';
import { BatchDetailDto, BatchListDto, PartQuery } from './batches.dto.js';

@ApiTags('providers')
@Controller('v1/providers/:code/batches')
export class BatchesController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'Batches, newest first' })
  @ApiOkResponse({ type: BatchListDto })
  async list(@Param('code') code: string, @Query() { before, limit }: PageQuery): Promise<BatchListDto> {
    const { providerId } = this.directory.byCode(code);
    const batches = await listBatches(this.source, providerId, before ?? null, limit);
    return { batches, next: nextOf(batches, limit, (batch) => batch.number) };
  }

  @Get(':number')
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'One batch with every attempt at it' })
  @ApiOkResponse({ type: BatchDetailDto })
  async read(@Param('code') code: string, @Param('number', ParseIntPipe) number: number): Promise<BatchDetailDto> {
    const { providerId } = this.directory.byCode(code);
    const batch = await this.find(providerId, number);
    return { ...batch, attempts: await attemptsAt(this.source, providerId, [number]) };
  }

  @Get(':number/bytes')
  @Scopes('ops.act', 'provider')
  @ApiOperation({
    summary: 'The same bytes again, as they were sealed; recorded when it is not the provider itself that asks',
  })
  @ApiProduces(
    'application/cloudevents+json',
    'application/json',
    'application/x-ndjson',
    'text/csv',
    'application/pgp-encrypted',
  )
  @ApiOkResponse({
    schema: { type: 'string', format: 'binary' },
    description: 'ETag holds the SHA-256 of this part. Ranges and gzip as in the feed',
  })
  @ApiGoneResponse({ description: 'Erased after its retention; the answer leads to the full list' })
  async bytes(
    @Param('code') code: string,
    @Param('number', ParseIntPipe) number: number,
    @Query() { part }: PartQuery,
    @CurrentActor() actor: Actor,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { providerId, code: provider, profile } = this.directory.byCode(code);
    const batch = await this.find(providerId, number);
    if (part > batch.parts)
      throw new Problem(404, 'unknown-part', 'Unknown part', `Batch ${number} has ${batch.parts} part(s).`);
    const found = await this.part(providerId, number, part);
    if (!found) {
      throw new Problem(
        410,
        'bytes-erased',
        'The bytes were erased',
        `Batch ${number} is past its retention. Take the full list instead: GET /v1/providers/${provider}/full-list names the newest, POST asks for a new one; GET /v1/providers/${provider}/full-list/entries tells at once what you should hold.`,
      );
    }
    if (actor.provider !== provider) {
      await inTransaction(this.source, (tx) =>
        recordAct(tx, {
          actorId: actor.actorId,
          act: 'batch.read',
          subject: `batch:${provider}:${number}`,
          detail: { part },
        }),
      );
    }
    // Files that travel signed and encrypted come again as they travelled.
    const bytes = found.enclosed ?? found.bytes;
    const sha256 = found.enclosed ? createHash('sha256').update(bytes).digest('hex') : found.sha256;
    const type = found.enclosed ? 'application/pgp-encrypted' : mediaTypeOf(batch.format, profile);
    await sendBytes(request, response, { bytes, sha256, type });
  }

  private async find(providerId: number, number: number): Promise<BatchSummary> {
    const batch = await findBatch(this.source, providerId, number);
    if (!batch)
      throw new Problem(
        404,
        'unknown-batch',
        'Unknown batch',
        'This provider has no batch with this number; list them one level up.',
      );
    return batch;
  }

  private async part(providerId: number, number: number, wanted: number): Promise<SealedPart | null> {
    for await (const part of readParts(this.source, providerId, number)) if (part.part === wanted) return part;
    return null;
  }
}
