// Held and planned removals, as the API shows and takes them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { Cause } from '#contracts';
import { MOST_DAYS, type BrakeState, type HeldPlan, type HoldState, type PlannedRemoval } from '#whitelist';
import { PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';

const HOLD_STATES: readonly HoldState[] = ['open', 'kept', 'releasing', 'released', 'ended'];
const PLANNED_STATES: readonly PlannedRemoval['state'][] = ['proposed', 'approved', 'withdrawn', 'over'];
const CODE = /^[A-Za-z0-9]{2,8}$/;
/** More lines than there are telephones in the country. */
const MOST_LINES = 200_000_000;

export class HeldRemovalsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'AIS' })
  @IsOptional()
  @Matches(CODE)
  provider?: string;

  @ApiPropertyOptional({ enum: ['open', 'all'], default: 'open', description: 'Those that hold something, or all' })
  @IsOptional()
  @IsIn(['open', 'all'])
  state: 'open' | 'all' = 'open';
}

export class BrakeDto implements Omit<BrakeState, 'providerId'> {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ description: 'Entries that the provider was acknowledged to hold, when last counted' })
  acknowledged!: number;
  @ApiProperty({ type: Date, nullable: true })
  countedAt!: Date | null;
  @ApiProperty({ description: 'Removals that may go in any 24 hours: 1 % of what is acknowledged, at least 200' })
  budget!: number;
  @ApiProperty({ description: 'Of them, those of the last 24 hours' })
  used!: number;
  @ApiProperty({ description: 'Removals of the last 24 hours on a planned removal or a hand-over' })
  planned!: number;
  @ApiProperty({ description: 'Held ones of the last 24 hours that were approved' })
  approved!: number;
  @ApiProperty({ description: 'Withdrawals of the last 24 hours; never held' })
  withdrawn!: number;
  @ApiProperty({ description: 'Expiries of the last 24 hours; never held' })
  expired!: number;
  @ApiProperty({ description: 'Removals that are held now' })
  held!: number;
  @ApiProperty({ description: 'Of them, those that nobody has decided on' })
  undecided!: number;
  @ApiProperty({ type: Date, nullable: true })
  since!: Date | null;
}

export class HeldPlanDto implements HeldPlan {
  @ApiProperty({ description: 'Number of the plan' })
  plan!: number;
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ type: String, example: 'cancelled' })
  cause!: Cause;
  @ApiProperty()
  causedBy!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'The import that caused it' })
  importRun!: number | null;
  @ApiProperty({ enum: HOLD_STATES })
  state!: HoldState;
  @ApiProperty({ description: 'Removals that are held now' })
  lines!: number;
  @ApiProperty({ type: String, nullable: true, description: 'SHA-256 of exactly these removals' })
  planHash!: string | null;
  @ApiProperty()
  since!: Date;
  @ApiProperty({ type: String, nullable: true })
  decidedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  decidedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
  @ApiProperty({ description: 'Removals appended since it was approved' })
  released!: number;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class HeldRemovalsDto {
  @ApiProperty({ type: [BrakeDto] })
  brakes!: BrakeDto[];
  @ApiProperty({ type: [HeldPlanDto] })
  plans!: HeldPlanDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}

export class DecideHeldDto extends ReasonDto {
  @ApiProperty({ description: 'Number of the plan' })
  @IsInt()
  @Min(1)
  plan!: number;

  @ApiProperty({ description: 'planHash of what was looked at; another plan is refused', pattern: '^[0-9a-f]{64}$' })
  @Matches(/^[0-9a-fA-F]{64}$/)
  planHash!: string;
}

export class PlannedRemovalsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'AIS' })
  @IsOptional()
  @Matches(CODE)
  provider?: string;
}

export class ProposePlannedDto extends ReasonDto {
  @ApiProperty({ example: 'AIS' })
  @Matches(CODE)
  provider!: string;

  @ApiProperty({ description: 'So many lines at most', example: 40_000 })
  @IsInt()
  @Min(1)
  @Max(MOST_LINES)
  lines!: number;

  @ApiProperty({ description: `Until then; at most ${MOST_DAYS} days ahead`, example: '2020-07-07T00:00:00+07:00' })
  @Type(() => Date)
  @IsDate()
  validUntil!: Date;
}

export class PlannedRemovalDto implements PlannedRemoval {
  @ApiProperty()
  plannedId!: number;
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty()
  lines!: number;
  @ApiProperty({ description: 'Removals that went on it' })
  used!: number;
  @ApiProperty()
  validUntil!: Date;
  @ApiProperty()
  reason!: string;
  @ApiProperty({ enum: PLANNED_STATES })
  state!: PlannedRemoval['state'];
  @ApiProperty()
  proposedBy!: string;
  @ApiProperty()
  proposedAt!: Date;
  @ApiProperty({ type: String, nullable: true })
  approvedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  approvedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  approvalReason!: string | null;
}

export class PlannedRemovalsDto {
  @ApiProperty({ type: [PlannedRemovalDto] })
  planned!: PlannedRemovalDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
