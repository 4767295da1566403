// Tests of a provider over the API: started, then looked at step by step.
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseIntPipe,
  Post,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { ADAPTERS, Problem, type AdapterRegistry } from '#contracts';
import { INTAKE_PARTS, type IntakeParts } from '#intake';
import { beginTest, readStreams, readTest } from '#operations';
import { CurrentActor, LOGGER, ProviderDirectory, Scopes, type Actor, type Logger } from '#platform';
import { NewTestDto, ProviderTestDto, TestStartedDto } from './provider-setup.dto.js';
import { runTest } from './run-test.js';

const WITHIN_S = 120;

@ApiTags('provider setup')
@Controller('v1/providers/:code/tests')
export class ProviderTestsController implements OnApplicationShutdown {
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(INTAKE_PARTS) private readonly intake: IntakeParts,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Test a provider: connection, authentication, one of its test lines added and removed' })
  @ApiAcceptedResponse({ type: TestStartedDto })
  async start(
    @Param('code') code: string,
    @Body() { line: lineNo = 1, withinS = WITHIN_S, reason }: NewTestDto,
    @CurrentActor() actor: Actor,
  ): Promise<TestStartedDto> {
    const provider = this.directory.byCode(code);
    const lines = provider.profile.testLines ?? [];
    const line = lines[lineNo - 1];
    if (!line) throw noSuchLine(provider.code, provider.profile.environment, lines.length);
    const [stream] = await readStreams(this.source, [provider.providerId]);
    if (stream?.paused)
      throw new Problem(
        409,
        'provider-paused',
        'The provider is paused',
        `Nothing would leave (${stream.paused.reason}); resume it, or confirm its keys, and test again.`,
      );
    const testId = await beginTest(this.source, provider, lineNo, reason, actor.actorId);
    const order = { testId, provider, line, lineNo, lines: lines.length, withinMs: withinS * 1000, actor };
    const { source, adapters, intake } = this;
    const parts = { source, adapters, intake };
    const run = runTest(parts, order, this.stop.signal).catch((error: unknown) =>
      this.log.error({
        event: 'provider test failed',
        provider: provider.code,
        reason: error instanceof Error ? error.message : 'unknown',
      }),
    );
    this.running.add(run);
    void run.finally(() => this.running.delete(run));
    return { testId };
  }

  @Get(':id')
  @Scopes('ops.read')
  @ApiOperation({ summary: 'How far a test is' })
  @ApiOkResponse({ type: ProviderTestDto })
  read(@Param('code') code: string, @Param('id', ParseIntPipe) testId: number): Promise<ProviderTestDto> {
    return readTest(this.source, this.directory.byCode(code).providerId, testId);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.running);
  }
}

function noSuchLine(code: string, environment: string, count: number): Problem {
  return new Problem(
    409,
    'no-test-line',
    'There is no such test line',
    count === 0
      ? `${code} (${environment}) has named no test lines, and nothing else may be sent by a test. Ask it for one, add it to testLines (saphan provider set ${code}), and test again.`
      : `${code} has named ${count} test lines; choose one from 1 to ${count}.`,
  );
}
