// Answers about providers: state of the stream, and counts that add up.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional } from 'class-validator';
import { HEALTH_CAUSES, HEALTH_STATES } from '#contracts';
import { STANDINGS } from '#operations';
import { FeedStandingDto } from '../feed/feed.dto.js';
import { ReasonDto } from '../http/reason.dto.js';
import { MaintenanceDto } from './maintenance.dto.js';
import { SHOWN_HEALTH } from './shown-health.js';

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
  @ApiProperty({ type: Date, nullable: true, description: 'It ends by itself then; null: when somebody resumes it' })
  until!: Date | null;
}

export class ProviderDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty()
  nameTh!: string;
  @ApiProperty()
  nameEn!: string;
  @ApiProperty({
    enum: SHOWN_HEALTH,
    description: 'Maintenance and a person’s pause are shown in stead of what was judged',
  })
  health!: string;
  @ApiProperty({ enum: [...HEALTH_CAUSES, 'person', 'planned'] })
  healthCause!: string;
  @ApiProperty({ description: 'Nothing is tried until a person has acted and released it' })
  needsPerson!: boolean;
  @ApiProperty({ type: Date, nullable: true })
  healthSince!: Date | null;
  @ApiProperty({ type: MaintenanceDto, nullable: true, description: 'Under way now' })
  maintenance!: MaintenanceDto | null;
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

export class HealthRowDto {
  @ApiProperty({ enum: HEALTH_STATES })
  health!: string;
  @ApiProperty({ enum: HEALTH_CAUSES })
  cause!: string;
  @ApiProperty()
  needsPerson!: boolean;
  @ApiProperty()
  th!: string;
  @ApiProperty()
  en!: string;
  @ApiProperty()
  since!: Date;
  @ApiProperty({ description: 'Who changed it; system:hub when it was judged' })
  by!: string;
  @ApiProperty({ type: Date, nullable: true, description: 'Null: it is so now' })
  until!: Date | null;
}

export class HealthHistoryDto {
  @ApiProperty({ type: [HealthRowDto] })
  history!: HealthRowDto[];
}

export class NewPauseDto extends ReasonDto {
  @ApiPropertyOptional({ description: 'It ends by itself then', example: '2020-03-20T18:00:00+07:00' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export class ReleasedDto {
  @ApiProperty({ enum: ['released', 'was not quarantined'] })
  result!: string;
}

export class PauseDto {
  @ApiProperty({ enum: ['paused', 'was paused', 'resumed', 'was not paused'] })
  result!: string;
}
