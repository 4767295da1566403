// Destination lists: what is asked.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsDate,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { SOURCE_FORMATS, type SourceFormat } from '#destinations';
import { ReasonDto } from '../http/reason.dto.js';

export const VENDORS = ['microsoft', 'google', 'cisco', 'line', 'manual'] as const;

export class SourceQueryDto extends ReasonDto {
  @ApiPropertyOptional({ enum: SOURCE_FORMATS, description: 'Told by the content for all but v2fly and manual' })
  @IsOptional()
  @IsIn(SOURCE_FORMATS)
  format?: SourceFormat;

  @ApiPropertyOptional({ enum: VENDORS, description: 'For v2fly lists: line or cisco' })
  @IsOptional()
  @IsIn(VENDORS)
  vendor?: (typeof VENDORS)[number];

  @ApiPropertyOptional({ example: '2020022800', description: 'For lists that do not name their version' })
  @IsOptional()
  @Matches(/^[\w.-]{1,40}$/)
  version?: string;

  @ApiPropertyOptional({ description: 'The imported list that changes are applied to; without it the newest' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  base?: number;
}

export class ListQueryDto {
  @ApiPropertyOptional({ default: 20, maximum: 200 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 20;
}

export class SelectionDto {
  @ApiProperty({ example: 'teams' })
  @Matches(/^[a-z][a-z0-9-]{0,39}$/)
  app!: string;

  @ApiProperty()
  @IsInt()
  @Min(1)
  sourceId!: number;

  @ApiProperty({ type: [String], example: ['11', '12'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  sets!: string[];
}

export class ProposalDto extends ReasonDto {
  @ApiPropertyOptional({
    type: [SelectionDto],
    description: 'Without it: the usual sets of the newest list of each vendor',
  })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => SelectionDto)
  selections?: SelectionDto[];

  @ApiPropertyOptional({ type: Date, description: 'When it takes effect; without it as soon as it is published' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  effectiveAt?: Date;
}

export class ApprovalDto extends ReasonDto {
  @ApiProperty({ description: 'contentSha256 of the draft as the approver saw it' })
  @Matches(/^[0-9a-f]{64}$/)
  contentSha256!: string;
}

export class RollbackDto extends ReasonDto {
  @ApiPropertyOptional({ type: Date })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  effectiveAt?: Date;
}

export class PolicyChangeDto extends ReasonDto {
  @ApiProperty({ type: Object, description: 'The whole policy, as GET gives it' })
  @IsObject()
  policy!: object;
}

export class DiffQueryDto {
  @ApiPropertyOptional({ description: 'Version to compare with; without it the one before' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  since?: number;
}

export class ListAcknowledgementDto {
  @ApiProperty({ example: 2020032501 })
  @IsInt()
  @Min(2_000_000_000)
  @Max(2_999_999_999)
  version!: number;

  @ApiProperty({ description: 'sha256 of the list that is enforced, as it stood in it' })
  @Matches(/^[0-9a-f]{64}$/)
  sha256!: string;

  @ApiPropertyOptional({ type: Date })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  enforcedSince?: Date;
}
