// Comparisons with providers' lists, the drift they found, and repair plans, as the API shows them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import type { DriftCause, DriftKind, Means, RepairPlan, ReconcileResult } from '#reconciliation';
import { ReasonDto } from '../http/reason.dto.js';

const RESULTS: readonly ReconcileResult[] = ['equal', 'differs', 'restored', 'notNow', 'cannotTell', 'refused'];
const MEANS: readonly Means[] = ['digests', 'snapshot'];
const KINDS: readonly DriftKind[] = ['missing', 'extra', 'differs', 'unknown'];
const CAUSES: readonly DriftCause[] = [
  'lostThere',
  'restoredThere',
  'removalNotDone',
  'appliedUnsaid',
  'otherContent',
  'notOurs',
];
const STATES: readonly RepairPlan['state'][] = ['proposed', 'applying', 'applied', 'stale', 'withdrawn'];

export class StartDto extends ReasonDto {
  @ApiPropertyOptional({
    enum: MEANS,
    description: 'By digests, or by the whole list; absent: what the profile prefers',
  })
  @IsOptional()
  @IsIn(MEANS)
  by?: Means;
}

export class SnapshotDto {
  @ApiProperty()
  snapshotId!: number;
  @ApiProperty({ description: 'The comparison that it was read for' })
  runId!: number;
  @ApiProperty({ enum: ['used', 'refused'] })
  state!: 'used' | 'refused';
  @ApiProperty({ type: String, nullable: true, description: 'Why it was refused; nothing followed from it' })
  detail!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'The highest batch that it had applied' })
  asOfBatch!: number | null;
  @ApiProperty({ type: Number, nullable: true })
  asOfSeq!: number | null;
  @ApiProperty({ type: Number, nullable: true })
  lines!: number | null;
  @ApiProperty({ type: Date, nullable: true, description: 'By the provider’s clock' })
  takenAt!: Date | null;
  @ApiProperty({ description: 'Uncompressed' })
  bytes!: number;
  @ApiProperty()
  at!: Date;
}

export class SnapshotsDto {
  @ApiProperty({ type: [SnapshotDto] })
  snapshots!: SnapshotDto[];
}

export class RunDto {
  @ApiProperty()
  runId!: number;
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  by!: string;
  @ApiProperty({ type: String, enum: MEANS, nullable: true, description: 'Null: what the profile prefers' })
  means!: Means | null;
  @ApiProperty({ type: String, enum: RESULTS, nullable: true, description: 'Null while it waits or runs' })
  result!: ReconcileResult | null;
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'What the provider said it had applied' })
  asOfSeq!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Entries it was acknowledged to hold' })
  heldHere!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Entries it holds' })
  heldThere!: number | null;
  @ApiProperty({ description: 'Differences with nothing under way for their line' })
  drifted!: number;
  @ApiProperty({ description: 'Differences whose line has something under way' })
  awaiting!: number;
  @ApiProperty()
  roundTrips!: number;
  @ApiProperty({ description: 'Bytes of its answers, uncompressed' })
  bytes!: number;
  @ApiProperty({ description: 'Changes said again because the provider lost data' })
  forwarded!: number;
  @ApiProperty()
  createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class RunsDto {
  @ApiProperty({ type: [RunDto] })
  runs!: RunDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}

export class DriftQuery {
  @ApiPropertyOptional({ enum: KINDS })
  @IsOptional()
  @IsIn(KINDS)
  kind?: DriftKind;

  @ApiPropertyOptional({ description: 'The `next` of the page before' })
  @IsOptional()
  @MaxLength(64)
  after?: string;

  @ApiPropertyOptional({ default: 50, maximum: 500 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;
}

export class DriftGroupDto {
  @ApiProperty({ enum: KINDS })
  kind!: DriftKind;
  @ApiProperty({ enum: CAUSES })
  cause!: DriftCause;
  @ApiProperty()
  count!: number;
  @ApiProperty({ description: 'Of these, seen twice with nothing under way: a plan may act on them' })
  confirmed!: number;
  @ApiProperty()
  since!: Date;
}

export class DriftDto {
  @ApiProperty({ description: 'The entry’s ref, or one that is none of ours' })
  ref!: string;
  @ApiProperty({ enum: KINDS })
  kind!: DriftKind;
  @ApiProperty({ enum: CAUSES })
  cause!: DriftCause;
  @ApiProperty()
  seen!: number;
  @ApiProperty()
  since!: Date;
  @ApiProperty({ type: Number, nullable: true })
  seq!: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'Opaque id of the line' })
  lineId!: string | null;
}

export class DriftListDto {
  @ApiProperty({ type: [DriftGroupDto] })
  groups!: DriftGroupDto[];
  @ApiProperty({ type: [DriftDto] })
  entries!: DriftDto[];
  @ApiProperty({ type: String, nullable: true })
  next!: string | null;
}

export class PlanDto {
  @ApiProperty()
  planId!: number;
  @ApiProperty()
  provider!: string;
  @ApiProperty({ description: 'Of its items; an approval names it' })
  sha256!: string;
  @ApiProperty()
  additions!: number;
  @ApiProperty()
  removals!: number;
  @ApiProperty({ enum: STATES })
  state!: RepairPlan['state'];
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  createdBy!: string;
  @ApiProperty()
  createdAt!: Date;
  @ApiProperty({ type: String, nullable: true })
  approvedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  approvedAt!: Date | null;
  @ApiProperty()
  appended!: number;
  @ApiProperty({ description: 'Entries that had changed by themselves in between' })
  superseded!: number;
}

export class PlansDto {
  @ApiProperty({ type: [PlanDto] })
  plans!: PlanDto[];
}

export class ApproveDto extends ReasonDto {
  @ApiProperty({ description: 'The plan’s hash as its reader saw it' })
  @Length(64, 64)
  @Matches(/^[0-9a-fA-F]+$/)
  sha256!: string;
}
