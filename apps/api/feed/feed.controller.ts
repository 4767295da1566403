// The pull feed of a provider: pages by cursor, each with the same bytes for ever, for its own key only.
import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiGoneResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DataSource } from 'typeorm';
import { APPENDER, Problem, WAKE_UP, type Appender, type WakeUp } from '#contracts';
import { feedPath, PAGE_TYPE } from '#adapters';
import {
  feedStanding,
  FEED_START,
  hasPages,
  notePage,
  pageAfter,
  readPart,
  takeCursor,
  takeForeignCursor,
  type AfterCursor,
  type Cursor,
} from '#dispatch';
import { faultPoint, ProviderDirectory, type ProviderRow, Scopes } from '#platform';
import { FeedDto, FeedQuery } from './feed.dto.js';
import { cursorText, feedShown } from './feed-shown.js';
import { sendBytes } from './send-bytes.js';

/** How often a waiting request looks, in milliseconds. */
const LOOK_MS = 250;

function cursorOf(text: string | undefined): Cursor {
  if (text === undefined) return FEED_START;
  const [number = 0, part = 0] = text.split('-').map(Number);
  return { number, part };
}

@ApiTags('for providers')
@Controller('v1/feed')
export class FeedController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
    @Inject(APPENDER) private readonly appender: Appender,
  ) {}

  @Get(':code')
  @Scopes('provider')
  @ApiOperation({ summary: 'How far you have read your feed, and how far it goes' })
  @ApiOkResponse({ type: FeedDto })
  async standing(@Param('code') code: string): Promise<FeedDto> {
    const { providerId, code: provider } = await this.pulling(code);
    return { provider, ...feedShown(await feedStanding(this.source, providerId)), href: feedPath(provider) };
  }

  @Get(':code/pages')
  @Scopes('provider')
  @ApiOperation({
    summary: 'The page after a cursor: header line, one line a change, end line with count, hash and the next cursor',
    description:
      'Asking with a cursor says that everything up to it arrived whole; that is the receipt. The same cursor leads to the same bytes for ever; past their retention the answer is 410.',
  })
  @ApiHeader({
    name: 'Range',
    required: false,
    description: 'bytes=N- resumes a page that was cut off (of the plain bytes)',
  })
  @ApiHeader({ name: 'If-Range', required: false, description: 'The ETag of what was cut off' })
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({
    schema: { type: 'string', format: 'binary' },
    description: 'ETag is the SHA-256 of the plain bytes, Link has the address of the next page (rel="next")',
  })
  @ApiNoContentResponse({ description: 'The end: nothing new; Link has the same cursor again' })
  @ApiGoneResponse({ description: 'Erased after its retention; the answer leads to the full list' })
  async page(
    @Param('code') code: string,
    @Query() { after, wait }: FeedQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { providerId, code: provider } = await this.pulling(code);
    const cursor = cursorOf(after);
    const next = (to: Cursor): void => {
      const text = cursorText(to);
      const query = text === null ? '' : `?after=${text}`;
      response.setHeader('Link', `<${feedPath(provider)}${query}>; rel="next"`);
    };
    let found = await pageAfter(this.source, providerId, cursor);
    // HEAD looks, and says nothing of what was read.
    const looksOnly = request.method === 'HEAD';
    // Read from here, and not known here: this database was set back.
    if (
      found.found === 'unknown' &&
      !looksOnly &&
      (await takeForeignCursor(this.source, this.appender, providerId, cursor))
    )
      found = await pageAfter(this.source, providerId, cursor);
    if (found.found === 'unknown') throw unknownCursor(provider, after ?? '');
    if (!looksOnly && (await takeCursor(this.source, providerId, cursor)) > 0) {
      await faultPoint('dispatch.cursorTaken');
      await this.wakeUp.wake([providerId]);
    }
    if (found.found !== 'page' && !looksOnly && wait > 0)
      found = await this.waitFor(providerId, cursor, wait, response);
    if (found.found !== 'page') {
      next(cursor);
      response.status(204).end();
      return;
    }
    const { page } = found;
    const part = await readPart(this.source, providerId, page);
    if (!part) throw erased(provider, page);
    if (!looksOnly) await notePage(this.source, providerId, page);
    next(page);
    await sendBytes(request, response, { ...part, type: PAGE_TYPE });
  }

  private async waitFor(providerId: number, cursor: Cursor, waitS: number, response: Response): Promise<AfterCursor> {
    const end = performance.now() + waitS * 1000;
    let found = await pageAfter(this.source, providerId, cursor);
    while (found.found !== 'page' && performance.now() < end && !response.closed) {
      await pause(LOOK_MS);
      found = await pageAfter(this.source, providerId, cursor);
    }
    return found;
  }

  private async pulling(code: string): Promise<ProviderRow> {
    const row = this.directory.byCode(code);
    if (row.profile.acknowledgement !== 'pull' && !(await hasPages(this.source, row.providerId))) {
      throw new Problem(
        409,
        'no-feed',
        'This provider has no feed',
        `The profile of ${row.code} says "${row.profile.acknowledgement}"; its batches are at /v1/providers/${row.code}/batches. Ask ONDE to change the profile if you want to pull.`,
      );
    }
    return row;
  }
}

function unknownCursor(provider: string, cursor: string): Problem {
  return new Problem(
    409,
    'cursor-unknown',
    'The feed has no such cursor',
    `There is no page ${cursor} in the feed of ${provider}. Use the cursor of a page that you read from here; GET /v1/feed/${provider} tells the newest. If you did read it from here, the hub was set back: keep what you hold and ask for the full list, POST /v1/providers/${provider}/full-list.`,
  );
}

function erased(provider: string, page: Cursor): Problem {
  return new Problem(
    410,
    'bytes-erased',
    'The page was erased',
    `Page ${page.number}-${page.part} is past its retention. Take the full list instead: GET /v1/providers/${provider}/full-list names the newest and the cursor before it, POST asks for a new one.`,
  );
}
