// The full current list for a provider itself: which one is the newest, where its parts are, and a new one on request.
import { createHash } from 'node:crypto';
import { Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { Problem, takesFullLists, WAKE_UP, type WakeUp } from '#contracts';
import { CONTRACT_VERSION, lineOf, PAGE_TYPE } from '#adapters';
import {
  fullListUnderWay,
  listEntries,
  newestFullList,
  newestRestated,
  startSync,
  type SealedFullList,
} from '#dispatch';
import { recordAct } from '#operations';
import { CurrentActor, inTransaction, ProviderDirectory, Scopes, type Actor } from '#platform';
import { FullListDto, FullListsDto, FullListUnderWayDto } from './feed.dto.js';
import { cursorText } from './feed-shown.js';
import { writeOut } from './write-out.js';

/** A list that is younger is as good as a new one, since its changes follow it; making one reads every entry. Seconds. */
const FRESH_S = 3_600;

@ApiTags('for providers')
@Controller('v1/providers/:code/full-list')
export class FullListController {
  /** Providers whose entries are being read: each reading holds a snapshot of the database. */
  readonly #reading = new Set<number>();

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
    const [newest, underWay, restated] = await Promise.all([
      newestFullList(this.source, providerId),
      fullListUnderWay(this.source, providerId),
      newestRestated(this.source, providerId),
    ]);
    return {
      newest: newest ? shown(provider, newest) : null,
      underWay: underWay ? { syncId: underWay.syncId, state: underWay.state, batch: underWay.number } : null,
      restated,
      entries: entriesAt(provider),
    };
  }

  @Get('entries')
  @Scopes('ops.act', 'provider')
  @ApiOperation({
    summary: 'What you should hold as of the position of your log that its header names',
    description:
      'A header line with `asOf` and `count`, one line an entry, an end line with the SHA-256 of every byte before it. Without its end line it is cut off: ask anew. What changes after `asOf` reaches you as batches; nothing is sent, appended or acknowledged for this reading. Recorded when it is not the provider itself that asks.',
  })
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiTooManyRequestsResponse({ description: 'It is being read already' })
  async entries(@Param('code') code: string, @CurrentActor() actor: Actor, @Res() response: Response): Promise<void> {
    const { providerId, code: provider } = this.directory.byCode(code);
    if (this.#reading.has(providerId)) {
      const detail = 'One reading at a time: end it, or wait until it ended.';
      throw new Problem(429, 'entries-being-read', 'The entries are being read', detail, { retryAfterS: 10 });
    }
    this.#reading.add(providerId);
    try {
      if (actor.provider !== provider) {
        await inTransaction(this.source, (tx) =>
          recordAct(tx, { actorId: actor.actorId, act: 'entries.read', subject: `provider:${provider}` }),
        );
      }
      await this.stream(provider, providerId, response);
    } finally {
      this.#reading.delete(providerId);
    }
  }

  private async stream(provider: string, providerId: number, response: Response): Promise<void> {
    const hash = createHash('sha256');
    let lines = 0;
    const say = async (rows: readonly object[]): Promise<void> => {
      const text = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      hash.update(text);
      await writeOut(response, text);
    };
    try {
      await listEntries(
        this.source,
        providerId,
        async ({ asOf, count }) => {
          response.status(200).setHeader('Content-Type', PAGE_TYPE);
          const at = new Date().toISOString();
          await say([{ contract: CONTRACT_VERSION, provider, kind: 'entries', asOf, count, at }]);
        },
        async (entries) => {
          lines += entries.length;
          await say(entries.map((entry) => lineOf(entry)));
        },
      );
    } catch (error) {
      // Begun, it can only be cut off: without its end line nobody takes it for whole.
      if (!response.headersSent) throw error;
      response.destroy();
      return;
    }
    response.end(`${JSON.stringify({ end: true, count: lines, sha256: hash.digest('hex') })}\n`);
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
    const { providerId, code: provider, profile } = this.directory.byCode(code);
    if (!takesFullLists(profile)) await this.refuseRestatedAgain(provider, providerId);
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

  /** Each such list puts every entry into the log once more: it is not for asking again and again. */
  private async refuseRestatedAgain(provider: string, providerId: number): Promise<void> {
    const last = await newestRestated(this.source, providerId);
    if (!last) return;
    const ageS = (Date.now() - (last.endedAt ?? last.startedAt).getTime()) / 1000;
    // One that has not ended is refused where the next would start.
    if (last.endedAt === null || ageS >= FRESH_S) return;
    throw new Problem(
      429,
      'full-list-fresh',
      'A full list has just been sent',
      `Sync ${last.syncId} put the state of every entry on its way to you once more, up to ${last.toSeq}, and ended less than ${FRESH_S / 60} minutes ago. GET ${entriesAt(provider)} tells at any time what you should hold.`,
      { retryAfterS: Math.ceil(FRESH_S - ageS) },
    );
  }
}

function entriesAt(provider: string): string {
  return `/v1/providers/${provider}/full-list/entries`;
}

function shown(provider: string, list: SealedFullList): FullListDto {
  const { number, before, parts, ...rest } = list;
  const hrefs = Array.from(
    { length: parts },
    (_, i) => `/v1/providers/${provider}/batches/${number}/bytes?part=${i + 1}`,
  );
  return { batch: number, parts, ...rest, hrefs, after: before === null ? null : (cursorText(before) ?? 'start') };
}
