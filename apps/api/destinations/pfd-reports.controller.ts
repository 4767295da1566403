// Reports of a T8 provider that an application does not work there any more (3GPP TS 29.122, PfdReport).
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOperation, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { ADAPTERS, Problem, type AdapterRegistry } from '#contracts';
import { takeReport } from '#destinations';
import { Metrics } from '#operations';
import { Open, ProviderDirectory } from '#platform';
import { rawBody } from './raw-body.js';

const LONGEST_REPORT_BYTES = 64 * 1024;

@ApiTags('for providers')
@Controller('v1/providers')
export class PfdReportsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Post(':code/pfd-reports/:token')
  @HttpCode(204)
  @Open('the provider proves itself by the token in the address that it was given as notificationDestination')
  @ApiOperation({ summary: 'Applications that failed after they had been taken, as an array of PfdReport' })
  @ApiBody({ schema: { type: 'array', items: { type: 'object' } } })
  @ApiNoContentResponse({ description: 'Taken; what the hub knows of it is sent again' })
  @ApiUnauthorizedResponse({ description: 'The token is another one; counted' })
  async take(@Param('code') code: string, @Param('token') token: string, @Req() request: Request): Promise<void> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const adapter = this.adapters.get(provider);
    const body = await rawBody(request, LONGEST_REPORT_BYTES);
    if (!adapter.readDestinationsReport) {
      throw new Problem(
        409,
        'no-reports',
        'This provider takes lists in another form',
        'Reports are for 3GPP T8; ask ONDE.',
      );
    }
    try {
      await takeReport(this.source, providerId, adapter.readDestinationsReport(token, body));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.metrics.refused('wrongSignature', provider);
      throw error;
    }
  }
}
