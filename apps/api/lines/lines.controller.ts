// One line's whole story, found without ever writing its number into an address.
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem, WAKE_UP, type WakeUp } from '#contracts';
import { pushLine } from '#dispatch';
import { lineKeyIn, loadCatalogue } from '#intake';
import { findLines, readLineStory, type LineQuestion, type LineStory } from '#operations';
import { CurrentActor, ProviderDirectory, Scopes, VAULT, type Actor, type Vault } from '#platform';
import { ReasonDto } from '../http/reason.dto.js';
import { FoundLinesDto, LineSearchDto, PushedDto } from './lines.dto.js';
import { LineStoryDto } from './line-story.dto.js';

@ApiTags('lines')
@Scopes('onde', 'ops.read')
@Controller('v1/lines')
export class LinesController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
  ) {}

  @Post('search')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Find lines by number, by circuit and provider, or by an agency’s reference; recorded in the audit log',
  })
  @ApiOkResponse({ type: FoundLinesDto })
  async search(@Body() body: LineSearchDto, @CurrentActor() actor: Actor): Promise<FoundLinesDto> {
    return { lines: await findLines(this.source, this.vault, await this.questionOf(body), actor.actorId) };
  }

  @Get(':id')
  @ApiOperation({
    summary:
      'Registrations, desired state, every change with its batches, attempts and outcomes, and why it is not free yet',
  })
  @ApiOkResponse({ type: LineStoryDto })
  async read(@Param('id') id: string): Promise<LineStory & { id: string }> {
    const lineId = this.vault.valueOf('line', id);
    const story = lineId === null ? null : await readLineStory(this.source, lineId);
    if (!story)
      throw new Problem(404, 'unknown-line', 'Unknown line', 'No line has this id; POST /v1/lines/search finds it.');
    return { id, ...story };
  }

  @Post(':id/push')
  @HttpCode(202)
  @Scopes('onde', 'ops.act')
  @ApiOperation({ summary: 'Push now: what waits for this line goes ahead of the backlog, each as a batch of its own' })
  @ApiOkResponse({ type: [PushedDto] })
  async push(
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<PushedDto[]> {
    const lineId = this.vault.valueOf('line', id);
    if (lineId === null)
      throw new Problem(404, 'unknown-line', 'Unknown line', 'No line has this id; POST /v1/lines/search finds it.');
    const pushed = await pushLine(this.source, lineId, actor.actorId, reason);
    await this.wakeUp.wake(pushed.filter((each) => each.push === 'ahead').map((each) => each.providerId));
    return pushed.map(({ providerId, push }) => ({ provider: this.directory.byId(providerId).code, push }));
  }

  private async questionOf({ number, circuit, provider, agency, reference }: LineSearchDto): Promise<LineQuestion> {
    if (agency !== undefined && reference !== undefined) return { agency, reference };
    if (number === undefined && circuit === undefined) {
      throw new Problem(
        422,
        'nothing-to-search',
        'Nothing to search for',
        'Give number, or circuit and provider, or agency and reference.',
        {
          detailTh: 'ระบุ number หรือ circuit กับ provider หรือ agency กับ reference',
        },
      );
    }
    const catalogue = await loadCatalogue(this.source);
    const reading =
      number === undefined
        ? lineKeyIn(catalogue, { access: 'FB', provider, number: circuit ?? '' })
        : lineKeyIn(catalogue, { access: 'MB', number });
    if (reading.outcome === 'line') return { lineKey: reading.lineKey };
    const { code, en, th, remedyEn, remedyTh } = reading.problem;
    throw new Problem(422, 'line-not-readable', 'The line cannot be read', 'Correct what is listed and search again.', {
      errors: [
        {
          pointer: number === undefined ? '#/circuit' : '#/number',
          code,
          detail: en,
          detailTh: th,
          remedy: remedyEn,
          remedyTh,
        },
      ],
    });
  }
}
