// The agencies that can register, for forms and for agencies' own systems.
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '#platform';
import type { KnownAgency } from '../catalogue.js';
import { INTAKE_PARTS } from '../intake-parts.js';
import type { IntakeParts } from '../register.js';

@ApiTags('registrations')
@Scopes('onde', 'ops.read')
@Controller('v1/agencies')
export class AgenciesController {
  constructor(@Inject(INTAKE_PARTS) private readonly parts: IntakeParts) {}

  @Get()
  @ApiOperation({ summary: 'All agencies with code, names and ministry.' })
  async list(): Promise<{ agencies: Omit<KnownAgency, 'agencyId'>[] }> {
    const { agencies } = await this.parts.catalogue.get();
    return { agencies: [...agencies.values()].map(({ agencyId: _, ...shown }) => shown) };
  }
}
