// Bodies and answers of batch syncs.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { ReasonDto } from '../http/reason.dto.js';

export class SyncRequestDto extends ReasonDto {
  @ApiPropertyOptional({ type: [String], example: ['AIS', 'TRUE'], description: 'Provider codes; without it all' })
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(/^[A-Za-z0-9]{2,8}$/, { each: true })
  providers?: string[];

  @ApiPropertyOptional({
    enum: ['delta', 'full'],
    default: 'delta',
    description: 'Pending changes, or the complete current list',
  })
  @IsOptional()
  @IsIn(['delta', 'full'])
  kind: 'delta' | 'full' = 'delta';

  @ApiPropertyOptional({ default: false, description: 'Only tell what would be sent' })
  @IsOptional()
  @IsBoolean()
  dryRun: boolean = false;
}

export class SyncPartDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ description: 'Lines that were to be sent when it was triggered' })
  lines!: number;
  @ApiProperty({ description: 'The position in the provider’s log that it must reach' })
  toSeq!: number;
  @ApiPropertyOptional({ enum: ['waiting', 'sending', 'completed', 'failed', 'cancelled'] })
  state?: string;
  @ApiPropertyOptional({ description: 'Lines that stand in a batch' })
  sealed?: number;
  @ApiPropertyOptional({ description: 'Lines whose batch has ended' })
  settled?: number;
  @ApiPropertyOptional({ type: Number, nullable: true, description: 'The full list’s batch' })
  number?: number | null;
  @ApiPropertyOptional({ type: Date, nullable: true })
  endedAt?: Date | null;
}

export class SyncHeadDto {
  @ApiProperty()
  syncId!: number;
  @ApiProperty({ enum: ['delta', 'full'] })
  kind!: 'delta' | 'full';
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class SyncDto extends SyncHeadDto {
  @ApiProperty({ type: [SyncPartDto] })
  providers!: SyncPartDto[];
}

export class SyncPreviewDto {
  @ApiProperty({ enum: [true] })
  dryRun!: true;
  @ApiProperty({ enum: ['delta', 'full'] })
  kind!: 'delta' | 'full';
  @ApiProperty({ type: [SyncPartDto] })
  providers!: SyncPartDto[];
}

export class SyncListDto {
  @ApiProperty({ type: [SyncHeadDto] })
  syncs!: SyncHeadDto[];
}
