// Batches as the API shows them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Min } from 'class-validator';
import { AttemptDto } from './providers.dto.js';

export class BatchDto {
  @ApiProperty()
  number!: number;
  @ApiProperty({ enum: ['delta', 'full'] })
  kind!: string;
  @ApiProperty({ enum: ['sealed', 'handed', 'accepted', 'settled', 'refused', 'closed', 'covered'] })
  state!: string;
  @ApiProperty({ type: String, nullable: true })
  stateReason!: string | null;
  @ApiProperty()
  fromSeq!: number;
  @ApiProperty()
  toSeq!: number;
  @ApiProperty({ description: 'Lines sent: the range less what was collapsed and omitted' })
  lines!: number;
  @ApiProperty()
  collapsed!: number;
  @ApiProperty()
  omitted!: number;
  @ApiProperty()
  parts!: number;
  @ApiProperty({ description: 'Over the bytes of all parts, before compression' })
  sha256!: string;
  @ApiProperty({ description: 'Bytes before compression' })
  size!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Format of its bytes; null when it was sealed before that was recorded',
  })
  format!: string | null;
  @ApiProperty()
  sealedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  handedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  acceptedAt!: Date | null;
  @ApiProperty({
    type: Date,
    nullable: true,
    description: 'When the provider itself said that it has it; null while that is awaited',
  })
  receiptAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
  @ApiProperty()
  applied!: number;
  @ApiProperty()
  already!: number;
  @ApiProperty()
  rejected!: number;
  @ApiProperty()
  retrying!: number;
  @ApiProperty()
  uncertain!: number;
  @ApiProperty()
  outstanding!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'The refused batch that this one is a half of' })
  halvesOf!: number | null;
  @ApiProperty({ type: Number, nullable: true })
  syncId!: number | null;
}

export class BatchListDto {
  @ApiProperty({ type: [BatchDto] })
  batches!: BatchDto[];
  @ApiProperty({ type: Number, nullable: true, description: 'Give it as `before` for the next page' })
  next!: number | null;
}

export class BatchDetailDto extends BatchDto {
  @ApiProperty({ type: [AttemptDto] })
  attempts!: AttemptDto[];
}

export class PartQuery {
  @ApiPropertyOptional({ default: 1, description: 'Only full lists have more than one' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  part: number = 1;
}
