// The full current list for a provider itself: which one is the newest, where its parts are, and a new one on request.
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem, WAKE_UP, type WakeUp } from '#contracts';
import { fullListUnderWay, newestFullList, startSync, type SealedFullList } from '#dispatch';
import { CurrentActor, ProviderDirectory, Scopes, type Actor } from '#platform';
import { FullListDto, FullListsDto, FullListUnderWayDto } from './feed.dto.js';
import { cursorText } from './feed-shown.js';

/** A list that is younger is as good as a new one, since its changes follow it; making one reads every entry. Seconds. */
const FRESH_S = 3_600;

@ApiTags('for providers')
@Controller('v1/providers/:code/full-list')
export class FullListController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get()
  @Scopes('onde', 'ops.read', 'provider')
  @ApiOperation({ summary: 'The newest full list as of a position of the log, and where its parts are' })
  @ApiOkResponse({ type: FullListsDto })
  async read(@Param('code') code: string): Promise<FullListsDto> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const [newest, underWay] = await Promise.all([
      newestFullList(this.source, providerId),
      fullListUnderWay(this.source, providerId),
    ]);
    return {
      newest: newest ? shown(provider, newest) : null,
      underWay: underWay ? { syncId: underWay.syncId, state: underWay.state, batch: underWay.number } : null,
    };
  }

  @Post()
  @HttpCode(202)
  @Scopes('provider')
  @ApiOperation({
    summary: 'Asks for a full list of your own; it comes as a batch in parts once all before it is answered. Recorded',
  })
  @ApiAcceptedResponse({ type: FullListUnderWayDto })
  @ApiConflictResponse({ description: 'One is under way' })
  @ApiTooManyRequestsResponse({ description: 'The newest is younger than an hour; take that one' })
  async ask(@Param('code') code: string, @CurrentActor() actor: Actor): Promise<FullListUnderWayDto> {
    const { providerId, code: provider } = this.directory.byCode(code);
    const newest = await newestFullList(this.source, providerId);
    const ageS = newest ? (Date.now() - newest.sealedAt.getTime()) / 1000 : Infinity;
    if (newest?.kept && ageS < FRESH_S) {
      throw new Problem(
        429,
        'full-list-fresh',
        'There is a fresh full list',
        `Batch ${newest.number} is a full list as of ${newest.toSeq} and younger than ${FRESH_S / 60} minutes; what changed since follows it as changes. GET this address says where its parts are.`,
        { retryAfterS: Math.ceil(FRESH_S - ageS) },
      );
    }
    const syncId = await startSync(this.source, [providerId], 'full', `asked for by ${provider} itself`, actor.actorId);
    await this.wakeUp.wake([providerId]);
    return { syncId, state: 'waiting', batch: null };
  }
}

function shown(provider: string, list: SealedFullList): FullListDto {
  const { number, before, parts, ...rest } = list;
  const hrefs = Array.from(
    { length: parts },
    (_, i) => `/v1/providers/${provider}/batches/${number}/bytes?part=${i + 1}`,
  );
  return { batch: number, parts, ...rest, hrefs, after: before === null ? null : (cursorText(before) ?? 'start') };
}
