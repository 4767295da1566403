// The list in force for a provider that fetches it with its own key, as JSON or CSV, and its acknowledgement.
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { Request, Response } from 'express';
import { DataSource } from 'typeorm';
import { listCsv, listDocument } from '#adapters';
import {
  acknowledgeVersion,
  diffVersions,
  findVersion,
  listAttempts,
  noteFetched,
  versionInForce,
} from '#destinations';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { ListAcknowledgementDto, ListQueryDto } from './destinations.dto.js';
import { ActResultDto, FlowDto, ListAttemptsDto } from './destinations-shown.dto.js';

class FormatQuery {
  @ApiPropertyOptional({ enum: ['json', 'csv'], default: 'json' })
  @IsOptional()
  @IsIn(['json', 'csv'])
  format: 'json' | 'csv' = 'json';
}

class ListedDestinationDto {
  @ApiProperty({ example: 'teams' })
  app!: string;
  @ApiProperty({ enum: ['cidr', 'domain', 'wildcard'] })
  kind!: string;
  @ApiProperty({ example: '52.120.0.0/14' })
  value!: string;
  @ApiProperty({ type: [FlowDto] })
  flows!: FlowDto[];
}

/** The same members as `data` of the event. */
class ListDto {
  @ApiProperty({ example: '1.0' })
  contract!: string;
  @ApiProperty({ example: '3BB' })
  provider!: string;
  @ApiProperty({ example: 2020032501 })
  version!: number;
  @ApiProperty({ type: Number, nullable: true })
  since!: number | null;
  @ApiProperty()
  effectiveFrom!: string;
  @ApiProperty()
  sha256!: string;
  @ApiProperty()
  count!: number;
  @ApiProperty({ type: [ListedDestinationDto] })
  destinations!: ListedDestinationDto[];
  @ApiProperty({ type: [ListedDestinationDto] })
  added!: ListedDestinationDto[];
  @ApiProperty({ type: [ListedDestinationDto] })
  removed!: Pick<ListedDestinationDto, 'app' | 'kind' | 'value'>[];
}

/** The routes of both addresses, so that each is told of in the API's description. */
abstract class ListRoutes {
  constructor(
    private readonly source: DataSource,
    private readonly directory: ProviderDirectory,
  ) {}

  protected async list(
    code: string,
    format: 'json' | 'csv',
    actor: Actor,
    request: Request,
    response: Response,
  ): Promise<ListDto | string | undefined> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const version = await versionInForce(this.source);
    const tag = `"${version.version}-${version.sha256}"`;
    response.setHeader('ETag', tag);
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(tag)) {
      response.status(304);
      return undefined;
    }
    if (actor.provider === provider) await noteFetched(this.source, providerId, version.version);
    const { since, added, removed } = await diffVersions(this.source, version.version, undefined);
    const whole = { ...version, since, added, removed };
    if (format === 'json') return listDocument(provider, whole) as unknown as ListDto;
    response.type('text/csv; charset=utf-8');
    return listCsv(whole);
  }

  protected async take(
    code: string,
    { version, sha256, enforcedSince }: ListAcknowledgementDto,
  ): Promise<ActResultDto> {
    const { providerId } = this.directory.byCode(code);
    await findVersion(this.source, version);
    const word = { version, sha256, enforcedSince: enforcedSince ?? null };
    return { result: await acknowledgeVersion(this.source, providerId, word, new Date()) };
  }

  protected async tries(code: string, limit: number): Promise<ListAttemptsDto> {
    return { attempts: await listAttempts(this.source, this.directory.byCode(code).providerId, limit) };
  }
}

const FETCH = 'The destination list in force, as JSON or CSV; If-None-Match answers 304 when it is the same';
const ACKNOWLEDGE = 'Say that you enforce a version; saying it again changes nothing';
const SAME = { status: 304, description: 'The list with this ETag is in force' };

@ApiTags('for providers')
@Controller('v1/providers/:code/destinations')
export class ProviderListsController extends ListRoutes {
  constructor(@Inject(DataSource) source: DataSource, @Inject(ProviderDirectory) directory: ProviderDirectory) {
    super(source, directory);
  }

  @Get()
  @Scopes('provider', 'onde', 'ops.read')
  @Header('Cache-Control', 'no-cache')
  @ApiOperation({ summary: FETCH })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: ListDto })
  @ApiResponse(SAME)
  fetch(
    @Param('code') code: string,
    @Query() { format }: FormatQuery,
    @CurrentActor() actor: Actor,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ListDto | string | undefined> {
    return this.list(code, format, actor, request, response);
  }

  @Get('attempts')
  @Scopes('provider', 'onde', 'ops.read')
  @ApiOperation({ summary: 'Tries to deliver lists to this provider, newest first' })
  @ApiOkResponse({ type: ListAttemptsDto })
  attempts(@Param('code') code: string, @Query() { limit }: ListQueryDto): Promise<ListAttemptsDto> {
    return this.tries(code, limit);
  }

  @Post('acknowledgements')
  @Scopes('provider')
  @HttpCode(200)
  @ApiOperation({ summary: ACKNOWLEDGE })
  @ApiOkResponse({ type: ActResultDto })
  acknowledge(@Param('code') code: string, @Body() word: ListAcknowledgementDto): Promise<ActResultDto> {
    return this.take(code, word);
  }
}

@ApiTags('for providers')
@Controller('v1/feed/:code/destinations')
export class FeedListsController extends ListRoutes {
  constructor(@Inject(DataSource) source: DataSource, @Inject(ProviderDirectory) directory: ProviderDirectory) {
    super(source, directory);
  }

  @Get()
  @Scopes('provider')
  @Header('Cache-Control', 'no-cache')
  @ApiOperation({ summary: FETCH })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: ListDto })
  @ApiResponse(SAME)
  fetch(
    @Param('code') code: string,
    @Query() { format }: FormatQuery,
    @CurrentActor() actor: Actor,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ListDto | string | undefined> {
    return this.list(code, format, actor, request, response);
  }

  @Post('acknowledgements')
  @Scopes('provider')
  @HttpCode(200)
  @ApiOperation({ summary: ACKNOWLEDGE })
  @ApiOkResponse({ type: ActResultDto })
  acknowledge(@Param('code') code: string, @Body() word: ListAcknowledgementDto): Promise<ActResultDto> {
    return this.take(code, word);
  }
}
