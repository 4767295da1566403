// Health: alive (the process answers) and ready (it can do its work).
import { Controller, Get, Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { Open, pendingMigrations, query } from '#platform';

/** Whether this process is on its way down; then it says so, and keeps no connection alive. */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  private begun = false;

  isDraining = (): boolean => this.begun;

  beforeApplicationShutdown(): void {
    this.begun = true;
  }
}

export class HealthDto {
  @ApiProperty({ enum: ['live', 'ready'] })
  status!: 'live' | 'ready';
}

@ApiTags('health')
@Open('probes carry no key; the answer is one word')
@Controller('health')
export class HealthController {
  private migrated = false;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(Draining) private readonly draining: Draining,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'The database is reachable and has the schema of this release' })
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ description: 'Not now, with the reason' })
  async ready(): Promise<HealthDto> {
    if (this.draining.isDraining())
      throw new Problem(503, 'shutting-down', 'Shutting down', 'This process is ending; use another one.');
    try {
      await query(this.source, 'SELECT 1');
    } catch {
      throw new Problem(
        503,
        'database-unreachable',
        'Database not reachable',
        'Look at PostgreSQL and at DATABASE_URL.',
        { retryAfterS: 5 },
      );
    }
    // Migrations are only ever added, so once they are all there they stay there.
    this.migrated ||= !(await pendingMigrations(this.source));
    if (!this.migrated)
      throw new Problem(
        503,
        'migrations-pending',
        'Migrations pending',
        'Run `saphan migrate`, then this process becomes ready.',
      );
    return { status: 'ready' };
  }
}
