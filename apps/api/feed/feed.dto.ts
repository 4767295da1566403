// The pull feed and full lists as providers see them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

/** Longest time that an empty feed keeps a request waiting, in seconds: below the idle limits of usual proxies. */
export const LONGEST_WAIT_S = 25;

export class FeedQuery {
  @ApiPropertyOptional({
    example: '42-1',
    description:
      'The cursor that stands at the end of the page that you read last; without it the feed begins at its first page',
  })
  @IsOptional()
  @Matches(/^[1-9]\d{0,14}-[1-9]\d{0,5}$/, {
    message: 'after is a cursor as it stands at the end of a page, e.g. 42-1',
  })
  after?: string;

  @ApiPropertyOptional({
    default: 0,
    maximum: LONGEST_WAIT_S,
    description: 'Seconds to wait for something new at the end',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(LONGEST_WAIT_S)
  wait: number = 0;
}

export class FullListDto {
  @ApiProperty({ description: 'The batch that it is' })
  batch!: number;
  @ApiProperty()
  parts!: number;
  @ApiProperty({ description: 'Everything that should be there as of this position of your log' })
  toSeq!: number;
  @ApiProperty()
  lines!: number;
  @ApiProperty({ description: 'Over the bytes of all parts, one after another' })
  sha256!: string;
  @ApiProperty()
  sealedAt!: Date;
  @ApiProperty({ enum: ['sealed', 'handed', 'accepted', 'settled', 'refused', 'closed', 'covered'] })
  state!: string;
  @ApiProperty({ description: 'False when its bytes were erased after their retention; then ask for a new one' })
  kept!: boolean;
  @ApiProperty({ type: [String], description: 'Where each part is, in order' })
  hrefs!: string[];
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'For a provider that pulls: the cursor before its first part; `start` means none. What is older may be skipped',
  })
  after!: string | null;
}

export class RestatedListDto {
  @ApiProperty()
  syncId!: number;
  @ApiProperty({ description: 'It goes up to this position of your log' })
  toSeq!: number;
  @ApiProperty({ description: 'Entries that were said once more' })
  lines!: number;
  @ApiProperty({ enum: ['waiting', 'sending', 'completed', 'failed', 'cancelled'] })
  state!: string;
  @ApiProperty()
  startedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class FullListUnderWayDto {
  @ApiProperty()
  syncId!: number;
  @ApiProperty({ enum: ['waiting', 'sending', 'completed', 'failed', 'cancelled'] })
  state!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'Its batch once it is sealed' })
  batch!: number | null;
}

export class FullListsDto {
  @ApiProperty({ type: FullListDto, nullable: true, description: 'The newest that was sealed' })
  newest!: FullListDto | null;
  @ApiProperty({ type: FullListUnderWayDto, nullable: true, description: 'One that was asked for and has not ended' })
  underWay!: FullListUnderWayDto | null;
  @ApiProperty({
    type: RestatedListDto,
    nullable: true,
    description:
      'For service orders, which cannot say "this is all": the newest list that travelled as ordinary changes',
  })
  restated!: RestatedListDto | null;
  @ApiProperty({ description: 'Where you read, at any time, what you should hold now; nothing is sent for it' })
  entries!: string;
}

export class FeedStandingDto {
  @ApiProperty({ type: String, nullable: true, example: '41-1', description: 'The cursor that you came with last' })
  read!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '42-1', description: 'The cursor after the newest page' })
  newest!: string | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When you last asked for a page' })
  pulledAt!: Date | null;
  @ApiProperty({ description: 'Batches that lie in the feed and were not read to their end' })
  waiting!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'Since when the oldest of them waits' })
  waitingSince!: Date | null;
  @ApiProperty({ description: 'How often you were reminded of the oldest of them' })
  reminders!: number;
}

export class FeedDto extends FeedStandingDto {
  @ApiProperty({ example: '3BB' })
  provider!: string;
  @ApiProperty({ description: 'Where the pages are' })
  href!: string;
}
