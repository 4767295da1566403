// One line's whole story, found without ever writing its number into an address.
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { lineKeyIn, loadCatalogue } from '#intake';
import { findLines, readLineStory, type LineQuestion, type LineStory } from '#operations';
import { CurrentActor, Scopes, VAULT, type Actor, type Vault } from '#platform';
import { FoundLinesDto, LineSearchDto } from './lines.dto.js';
import { LineStoryDto } from './line-story.dto.js';

@ApiTags('lines')
@Scopes('onde', 'ops.read')
@Controller('v1/lines')
export class LinesController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  @Post('search')
  @HttpCode(200)
  @ApiOperation({ summary: 'Find lines by number, by circuit and provider, or by an agency’s reference; recorded in the audit log' })
  @ApiOkResponse({ type: FoundLinesDto })
  async search(@Body() body: LineSearchDto, @CurrentActor() actor: Actor): Promise<FoundLinesDto> {
    return { lines: await findLines(this.source, this.vault, await this.questionOf(body), actor.actorId) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Registrations, desired state, every change with its batches, attempts and outcomes, and why it is not free yet' })
  @ApiOkResponse({ type: LineStoryDto })
  async read(@Param('id') id: string): Promise<LineStory & { id: string }> {
    const lineId = this.vault.valueOf('line', id);
    const story = lineId === null ? null : await readLineStory(this.source, lineId);
    if (!story) throw new Problem(404, 'unknown-line', 'Unknown line', 'No line has this id; POST /v1/lines/search finds it.');
    return { id, ...story };
  }

  private async questionOf({ number, circuit, provider, agency, reference }: LineSearchDto): Promise<LineQuestion> {
    if (agency !== undefined && reference !== undefined) return { agency, reference };
    if (number === undefined && circuit === undefined) {
      throw new Problem(422, 'nothing-to-search', 'Nothing to search for', 'Give number, or circuit and provider, or agency and reference.', {
        detailTh: 'ระบุ number หรือ circuit กับ provider หรือ agency กับ reference',
      });
    }
    const catalogue = await loadCatalogue(this.source);
    const reading = number === undefined
      ? lineKeyIn(catalogue, { access: 'FB', provider, number: circuit ?? '' })
      : lineKeyIn(catalogue, { access: 'MB', number });
    if (reading.outcome === 'line') return { lineKey: reading.lineKey };
    const { code, en, th, remedyEn, remedyTh } = reading.problem;
    throw new Problem(422, 'line-not-readable', 'The line cannot be read', 'Correct what is listed and search again.', {
      errors: [{ pointer: number === undefined ? '#/circuit' : '#/number', code, detail: en, detailTh: th, remedy: remedyEn, remedyTh }],
    });
  }
}
