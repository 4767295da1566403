// Single registrations over HTTP: register, read, amend, confirm, cancel. Numbers only ever stand in bodies.
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Problem } from '#contracts';
import { CurrentActor, Scopes, type Actor } from '#platform';
import { amendRegistrations, cancelRegistrations, confirmDrafts } from '../change-registrations.js';
import { findRegistrations, type RegistrationView, type Selection } from '../find-registrations.js';
import { INTAKE_PARTS } from '../intake-parts.js';
import { appsOf, readApps } from '../reading/index.js';
import { register, type IntakeParts } from '../register.js';
import { idempotent } from './idempotency.js';
import { AmendDto, ConfirmDto, RegistrationDto, SelectionDto, type ConfirmationDto } from './registrations.dto.js';

type ShownRegistration = Omit<RegistrationView, 'apps'> & { apps: readonly string[] };

@ApiTags('registrations')
@Scopes('onde')
@Controller('v1/registrations')
export class RegistrationsController {
  constructor(@Inject(INTAKE_PARTS) private readonly parts: IntakeParts) {}

  @Post()
  @ApiOperation({
    summary: 'Register the lines of one reference. The same again changes nothing; other content is an amendment.',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async register(
    @Body() body: RegistrationDto,
    @CurrentActor() actor: Actor,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const work = async () => {
      const answer = await register(this.parts, body, actor.actorId);
      return { status: answer.lines.some((line) => line.result === 'created') ? 201 : 200, body: answer };
    };
    const fingerprintOf = `POST /v1/registrations\n${JSON.stringify(body)}`;
    const answer =
      key === undefined
        ? { ...(await work()), replayed: false }
        : await idempotent(this.parts.source, { actorId: actor.actorId, header: key, fingerprintOf }, work);
    response.status(answer.status);
    if (answer.replayed) response.setHeader('Idempotency-Replayed', 'true');
    return answer.body;
  }

  @Post('search')
  @HttpCode(200)
  @ApiOperation({ summary: "All registrations under an agency's reference." })
  async search(@Body() body: SelectionDto): Promise<{ registrations: ShownRegistration[] }> {
    const found = await findRegistrations(this.parts, selectionOf(body));
    return { registrations: found.map(shown) };
  }

  @Post('confirm')
  @HttpCode(200)
  @ApiOperation({ summary: 'Confirm drafts; from then on they are sent.' })
  async confirm(@Body() body: ConfirmDto, @CurrentActor() actor: Actor): Promise<{ confirmed: number }> {
    const done = await confirmDrafts(this.parts, selectionOf(body), evidenceOf(body.confirmation), actor.actorId);
    return { confirmed: done.counts.amended };
  }

  @Post('cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take registrations back. A line stays on the list until its last registration ends.' })
  async cancel(@Body() body: SelectionDto, @CurrentActor() actor: Actor): Promise<{ cancelled: number }> {
    return { cancelled: await cancelRegistrations(this.parts, selectionOf(body), actor.actorId) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One registration by its id.' })
  async show(@Param('id') id: string): Promise<ShownRegistration> {
    const [found] = await findRegistrations(this.parts, { id });
    return shown(found!);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change what is given and leave the rest.' })
  async amend(
    @Param('id') id: string,
    @Body() body: AmendDto,
    @CurrentActor() actor: Actor,
  ): Promise<ShownRegistration> {
    const { provider: code, apps, confirmation, ...content } = body;
    const given = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
    const reading = apps === undefined ? undefined : readApps(apps.join(','));
    await amendRegistrations(
      this.parts,
      { id },
      {
        ...given,
        ...(code === undefined ? {} : { provider: await this.providerOf(code) }),
        ...(reading?.outcome === 'apps' ? { apps: reading.bits } : {}),
        ...(confirmation ? { confirmation: evidenceOf(confirmation) } : {}),
      },
      actor.actorId,
    );
    return this.show(id);
  }

  private async providerOf(code: string) {
    const { providers } = await this.parts.catalogue.get();
    const found = providers.get(code.toUpperCase());
    if (found) return found;
    throw new Problem(
      422,
      'unknown-provider',
      'Unknown provider',
      `The known providers are ${[...providers.keys()].join(', ')}.`,
      {
        detailTh: `ผู้ให้บริการที่รับ: ${[...providers.keys()].join(', ')}`,
      },
    );
  }
}

function shown(view: RegistrationView): ShownRegistration {
  return { ...view, apps: appsOf(view.apps) };
}

function evidenceOf(dto: ConfirmationDto): { at: string; by: string; document: string } {
  if (Date.parse(dto.confirmedAt) > Date.now() + 5 * 60_000) {
    throw new Problem(
      422,
      'invalid-registration',
      'The confirmation cannot be taken',
      'The confirmation is dated in the future.',
      {
        detailTh: 'วันที่ยืนยันเป็นวันในอนาคต',
      },
    );
  }
  return { at: dto.confirmedAt, by: dto.confirmedBy, document: dto.document };
}

function selectionOf(dto: SelectionDto): Selection {
  if (dto.id !== undefined) return { id: dto.id };
  if (dto.agency !== undefined && dto.reference !== undefined) return { agency: dto.agency, reference: dto.reference };
  throw new Problem(400, 'invalid-request', 'The request cannot be read', 'Send either id, or agency and reference.', {
    detailTh: 'ระบุ id หรือระบุ agency และ reference',
  });
}
