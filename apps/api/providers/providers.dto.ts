// Answers about providers: state of the stream, and counts that add up.
import { ApiProperty } from '@nestjs/swagger';
import { STANDINGS } from '#operations';
import { FeedStandingDto } from '../feed/feed.dto.js';

const counts = (names: readonly string[], description: string) => ({
  type: 'object' as const,
  description,
  properties: Object.fromEntries(names.map((name) => [name, { type: 'integer' as const }])),
  required: [...names],
});

const STANDING_NAMES = ['total', ...STANDINGS];
const SENT_NAMES = [
  'batches',
  'lines',
  'applied',
  'already',
  'rejected',
  'retrying',
  'uncertain',
  'outstanding',
  'collapsed',
  'omitted',
];

export class PausedDto {
  @ApiProperty()
  at!: Date;
  @ApiProperty()
  by!: string;
  @ApiProperty()
  reason!: string;
}

export class ProviderDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty()
  nameTh!: string;
  @ApiProperty()
  nameEn!: string;
  @ApiProperty({ enum: ['healthy', 'degraded', 'quarantined', 'disabled', 'paused'] })
  health!: string;
  @ApiProperty({ description: 'Why, in Thai' })
  healthTh!: string;
  @ApiProperty({ description: 'Why, in English' })
  healthEn!: string;
  @ApiProperty(
    counts(
      STANDING_NAMES,
      'Entries that should be on the whitelist, by where their latest change stands; total is the sum of the others',
    ),
  )
  present!: object;
  @ApiProperty(counts(STANDING_NAMES, 'Entries that should not be on it any more, likewise'))
  absent!: object;
  @ApiProperty(
    counts(
      SENT_NAMES,
      'Lines sent over time; applied + already + rejected + retrying + uncertain + outstanding = lines',
    ),
  )
  sent!: object;
  @ApiProperty({ description: 'Number of the newest change in the log' })
  lastSeq!: number;
  @ApiProperty({ description: 'Number of the newest change that stands in a batch' })
  sealedSeq!: number;
  @ApiProperty({ description: 'Number of the next batch' })
  nextNumber!: number;
  @ApiProperty({ description: 'Changes in the log that stand in no batch yet' })
  unsealed!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'Seconds' })
  oldestUnsealedS!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Seconds' })
  oldestUnacknowledgedS!: number | null;
  @ApiProperty(counts(['sealed', 'handed', 'accepted'], 'Batches that have not ended, by state'))
  open!: object;
  @ApiProperty({ description: 'Attempts that failed in a row' })
  failures!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'Nothing is sent before' })
  notBefore!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  waitingFor!: string | null;
  @ApiProperty({ type: PausedDto, nullable: true })
  paused!: PausedDto | null;
  @ApiProperty({ description: 'Items of answers that matched nothing that was sent' })
  setAsideItems!: number;
  @ApiProperty()
  asOf!: Date;
}

export class ProviderListDto {
  @ApiProperty({ type: [ProviderDto] })
  providers!: ProviderDto[];
}

export class AttemptDto {
  @ApiProperty({ description: 'Batch' })
  number!: number;
  @ApiProperty()
  attemptNo!: number;
  @ApiProperty({ enum: ['handOver', 'ask'] })
  purpose!: string;
  @ApiProperty()
  startedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, example: 'accepted' })
  result!: string | null;
  @ApiProperty({ type: Number, nullable: true })
  status!: number | null;
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
}

export class ProviderDetailDto extends ProviderDto {
  @ApiProperty({
    type: FeedStandingDto,
    nullable: true,
    description: 'How it stands with its feed; null when it does not pull',
  })
  feed!: FeedStandingDto | null;
  @ApiProperty({ type: [AttemptDto] })
  lastAttempts!: AttemptDto[];
}

export class PauseDto {
  @ApiProperty({ enum: ['paused', 'was paused', 'resumed', 'was not paused'] })
  result!: string;
}
