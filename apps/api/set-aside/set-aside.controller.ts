// Answers that could not be used: counted by reason, and one by one. A provider sees its own.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { groupSetAside, listSetAside, type SetAsideFilter } from '#operations';
import { ProviderDirectory, Scopes } from '#platform';
import { nextOf } from '../http/paging.dto.js';
import { OwnSetAsideQuery, SetAsideDto, SetAsideQuery } from './set-aside.dto.js';

@Controller('v1')
export class SetAsideController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Get('set-aside')
  @ApiTags('operations')
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Answers of providers that were set aside: groups by reason, and each, newest first' })
  @ApiOkResponse({ type: SetAsideDto })
  async list(@Query() { provider, ...query }: SetAsideQuery): Promise<SetAsideDto> {
    return this.page(query, provider === undefined ? undefined : this.directory.byCode(provider).providerId);
  }

  @Get('providers/:code/set-aside')
  @ApiTags('for providers')
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'Answers of one provider that were set aside, with what to do about each' })
  @ApiOkResponse({ type: SetAsideDto })
  async listOwn(@Param('code') code: string, @Query() query: OwnSetAsideQuery): Promise<SetAsideDto> {
    return this.page(query, this.directory.byCode(code).providerId);
  }

  private async page(query: OwnSetAsideQuery, providerId: number | undefined): Promise<SetAsideDto> {
    const filter: SetAsideFilter = {
      limit: query.limit,
      ...(providerId === undefined ? {} : { providerId }),
      ...(query.reason === undefined ? {} : { reason: query.reason }),
      ...(query.before === undefined ? {} : { before: query.before }),
    };
    const [groups, rows] = await Promise.all([groupSetAside(this.source, filter), listSetAside(this.source, filter)]);
    return { groups, rows, next: nextOf(rows, query.limit, (row) => row.id) };
  }
}
