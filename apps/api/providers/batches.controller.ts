// A provider's batches, their attempts, and their exact bytes again.
import { Controller, Get, Inject, Param, ParseIntPipe, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiGoneResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { Problem, type SealedPart } from '#contracts';
import { readParts } from '#dispatch';
import { attemptsAt, findBatch, listBatches, recordAct, type BatchSummary } from '#operations';
import { CurrentActor, inTransaction, ProviderDirectory, Scopes, type Actor } from '#platform';
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
  @ApiProduces('application/cloudevents+json', 'text/csv')
  @ApiOkResponse({
    schema: { type: 'string', format: 'binary' },
    description: 'Repr-Digest holds the SHA-256 of this part',
  })
  @ApiGoneResponse({ description: 'Erased after its retention; the answer leads to the full list' })
  async bytes(
    @Param('code') code: string,
    @Param('number', ParseIntPipe) number: number,
    @Query() { part }: PartQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
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
        `Batch ${number} is past its retention. Ask ONDE for the full list: POST /v1/syncs with "kind": "full" and "providers": ["${provider}"].`,
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
    response.setHeader('Repr-Digest', `sha-256=:${Buffer.from(found.sha256, 'hex').toString('base64')}:`);
    const type =
      profile.format === 'cloudevents' ? 'application/cloudevents+json; charset=utf-8' : 'text/csv; charset=utf-8';
    return new StreamableFile(found.bytes, { type, length: found.bytes.length });
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
