// What needs more than its batch at one provider, by cause and line by line.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { groupExceptions, listExceptions } from '#operations';
import { ProviderDirectory, Scopes, VAULT, type Vault } from '#platform';
import { nextOf } from '../http/paging.dto.js';
import { ExceptionsDto, ExceptionsQuery } from './exceptions.dto.js';

@ApiTags('providers')
@Controller('v1/providers/:code/exceptions')
export class ExceptionsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'Open exceptions: groups by cause, and the lines, newest first' })
  @ApiOkResponse({ type: ExceptionsDto })
  async list(@Param('code') code: string, @Query() query: ExceptionsQuery): Promise<ExceptionsDto> {
    const { providerId } = this.directory.byCode(code);
    const [groups, lines] = await Promise.all([
      groupExceptions(this.source, providerId),
      listExceptions(this.source, providerId, query),
    ]);
    return {
      groups,
      lines: lines.map(({ lineId, ...line }) => ({ ...line, lineId: this.vault.opaqueId('line', lineId) })),
      next: nextOf(lines, query.limit, (line) => line.seq),
    };
  }
}
