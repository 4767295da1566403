// A person's withdrawal over HTTP: all registrations of the line end, and older confirmations never count again.
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '#contracts';
import { CurrentActor, Scopes, type Actor } from '#platform';
import { INTAKE_PARTS } from '../intake-parts.js';
import { problemItem } from '../read-json.js';
import { lineKeyIn } from '../read-line-key.js';
import { invalidRegistration, type IntakeParts } from '../register.js';
import { withdrawLine, type WithdrawnLine } from '../withdraw.js';
import { WithdrawalDto } from './registrations.dto.js';

@ApiTags('registrations')
@Scopes('onde')
@Controller('v1/withdrawals')
export class WithdrawalsController {
  constructor(@Inject(INTAKE_PARTS) private readonly parts: IntakeParts) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'A person asks out. Harmless to repeat; only a newer confirmation brings the line back.' })
  async withdraw(@Body() body: WithdrawalDto, @CurrentActor() actor: Actor): Promise<WithdrawnLine> {
    const at = body.at === undefined ? new Date() : new Date(body.at);
    if (at.getTime() > Date.now() + 5 * 60_000) {
      throw new Problem(422, 'invalid-withdrawal', 'The withdrawal cannot be taken', 'It is dated in the future.', {
        detailTh: 'วันที่อยู่ในอนาคต',
      });
    }
    const line = lineKeyIn(await this.parts.catalogue.get(), body);
    if (line.outcome === 'rejected') throw invalidRegistration([problemItem(line.problem, '#')]);
    return withdrawLine(this.parts.source, this.parts, {
      lineKey: line.lineKey,
      at,
      reason: body.reason ?? null,
      actorId: actor.actorId,
    });
  }
}
