// Replays as the API takes and shows them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { ReplayRow } from '#acknowledgement';
import { RESULT_CODE_ORDER, RESULT_CODES, type ExceptionKind, type RetryClass } from '#contracts';

const KINDS = ['rejected', 'retrying', 'uncertain'] as const satisfies readonly ExceptionKind[];
const STATES: readonly ReplayRow['state'][] = ['previewed', 'running', 'stopped', 'completed', 'withdrawn'];
const RETRY_CLASSES: readonly RetryClass[] = [...new Set(Object.values(RESULT_CODES).map((info) => info.retry))];

export class ReplayFilterDto {
  @ApiPropertyOptional({ enum: KINDS, description: 'Absent: any kind but holds' })
  @IsOptional()
  @IsIn(KINDS)
  kind?: (typeof KINDS)[number];

  @ApiPropertyOptional({ enum: RESULT_CODE_ORDER })
  @IsOptional()
  @IsIn(RESULT_CODE_ORDER)
  code?: string;
}

export class ReplayDto {
  @ApiProperty()
  replayId!: number;
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ type: String, enum: KINDS, nullable: true })
  kind!: string | null;
  @ApiProperty({ type: String, nullable: true })
  code!: string | null;
  @ApiProperty({ enum: STATES })
  state!: ReplayRow['state'];
  @ApiProperty({ description: 'Exceptions that it holds, frozen when it was previewed' })
  lines!: number;
  @ApiProperty({ description: 'Batches with uncertain lines that the provider is asked about before anything is sent' })
  asks!: number;
  @ApiProperty({ description: 'Open holds that fit and are left alone: whoever holds them releases them' })
  held!: number;
  @ApiProperty()
  appended!: number;
  @ApiProperty({ description: 'Left alone: changed or answered by themselves in between' })
  superseded!: number;
  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
  @ApiProperty()
  createdBy!: string;
  @ApiProperty({ type: String, nullable: true })
  startedBy!: string | null;
  @ApiProperty()
  createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class ReplayGroupDto {
  @ApiProperty({ enum: KINDS })
  kind!: string;
  @ApiProperty({ type: String, nullable: true })
  code!: string | null;
  @ApiProperty()
  lines!: number;
  @ApiProperty()
  appended!: number;
  @ApiProperty()
  superseded!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    enum: RETRY_CLASSES,
    description: 'never: the same again cannot help; reroute: ONDE finds the new provider first',
  })
  retry!: string | null;
}

export class ReplayDetailDto extends ReplayDto {
  @ApiProperty({ type: [ReplayGroupDto] })
  groups!: ReplayGroupDto[];
}

export class ReplayListDto {
  @ApiProperty({ type: [ReplayDto] })
  replays!: ReplayDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}

export class ReplayItemsQuery {
  @ApiPropertyOptional({ description: 'The `next` of the page before', default: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after: number = 0;

  @ApiPropertyOptional({ default: 50, maximum: 500 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;
}

export class ReplayItemDto {
  @ApiProperty()
  seq!: number;
  @ApiProperty({ description: 'Opaque id of the line' })
  lineId!: string;
  @ApiProperty({ enum: KINDS })
  kind!: string;
  @ApiProperty({ type: String, nullable: true })
  code!: string | null;
  @ApiProperty({ type: String, nullable: true, enum: ['appended', 'superseded'] })
  done!: string | null;
}

export class ReplayItemsDto {
  @ApiProperty({ type: [ReplayItemDto] })
  items!: ReplayItemDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
