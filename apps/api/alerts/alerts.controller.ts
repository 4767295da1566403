// What needs somebody's eyes, and what did.
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { listAlerts } from '#operations';
import { ProviderDirectory, Scopes } from '#platform';
import { nextOf } from '../http/paging.dto.js';
import { AlertsDto, AlertsQuery } from './alerts.dto.js';

@ApiTags('operations')
@Controller('v1/alerts')
export class AlertsController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read')
  @ApiOperation({ summary: 'Alerts, newest first: what holds now, or all that ever did' })
  @ApiOkResponse({ type: AlertsDto })
  async list(@Query() { state, provider, kind, before, limit }: AlertsQuery): Promise<AlertsDto> {
    const alerts = await listAlerts(this.source, {
      state,
      ...(provider === undefined ? {} : { providerId: this.directory.byCode(provider).providerId }),
      ...(kind === undefined ? {} : { kind }),
      ...(before === undefined ? {} : { before }),
      limit,
    });
    return { alerts, next: nextOf(alerts, limit, (alert) => alert.alertId) };
  }
}
