// Which lines were not delivered to whom, why, since when, and what happens next.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { countProviders, groupUndelivered, listUndelivered } from '#operations';
import { ProviderDirectory, Scopes, VAULT, type Vault } from '#platform';
import { UndeliveredDto, UndeliveredLinesDto, UndeliveredQuery } from './undelivered.dto.js';

@ApiTags('undelivered')
@Controller('v1')
export class UndeliveredController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  @Get('undelivered')
  @Scopes('onde', 'ops.read')
  @ApiOperation({
    summary: 'All providers: what was not delivered, by cause, since when, who acts next; most lines first',
  })
  @ApiOkResponse({ type: UndeliveredDto })
  async groups(): Promise<UndeliveredDto> {
    const asOf = new Date();
    const providers = this.directory.all();
    const counts = await countProviders(
      this.source,
      providers.map((each) => each.providerId),
    );
    const found = await Promise.all(
      providers.map(async (where) => {
        const own = counts.get(where.providerId);
        return own ? groupUndelivered(this.source, where, own, asOf) : [];
      }),
    );
    const groups = found.flat().toSorted((a, b) => b.lines - a.lines);
    return { asOf, lines: groups.reduce((sum, group) => sum + group.lines, 0), groups };
  }

  @Get('providers/:code/undelivered')
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'One provider, line by line, what has waited longest first' })
  @ApiOkResponse({ type: UndeliveredLinesDto })
  async lines(@Param('code') code: string, @Query() query: UndeliveredQuery): Promise<UndeliveredLinesDto> {
    const page = await listUndelivered(this.source, this.directory.byCode(code), query);
    return {
      ...page,
      lines: page.lines.map(({ lineId, ...line }) => ({ ...line, lineId: this.vault.opaqueId('line', lineId) })),
    };
  }
}
