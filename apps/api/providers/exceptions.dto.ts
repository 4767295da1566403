// Open exceptions as the API shows them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { RESULT_CODE_ORDER, type ExceptionKind } from '#contracts';
import { PageQuery } from '../http/paging.dto.js';

const KINDS: readonly ExceptionKind[] = ['rejected', 'retrying', 'held', 'uncertain'];

export class ExceptionsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: KINDS })
  @IsOptional()
  @IsIn(KINDS)
  kind?: ExceptionKind;

  @ApiPropertyOptional({ enum: RESULT_CODE_ORDER })
  @IsOptional()
  @IsIn(RESULT_CODE_ORDER)
  code?: string;
}

export class ExceptionGroupDto {
  @ApiProperty({ enum: KINDS })
  kind!: string;
  @ApiProperty({ type: String, nullable: true, enum: RESULT_CODE_ORDER })
  code!: string | null;
  @ApiProperty()
  count!: number;
  @ApiProperty({ description: 'Of them, lines that should be there; the others should be gone' })
  additions!: number;
  @ApiProperty()
  oldest!: Date;
  @ApiProperty({ type: Date, nullable: true })
  nextAt!: Date | null;
  @ApiProperty({ enum: ['nobody', 'hub', 'provider', 'onde', 'agency'] })
  owner!: string;
  @ApiProperty()
  th!: string;
  @ApiProperty()
  en!: string;
}

export class ExceptionLineDto {
  @ApiProperty({ description: 'Opaque id of the line' })
  lineId!: string;
  @ApiProperty({ format: 'uuid' })
  entryRef!: string;
  @ApiProperty()
  seq!: number;
  @ApiProperty({ enum: ['MB', 'FB'] })
  access!: string;
  @ApiProperty({ example: '+6681***5678' })
  line!: string;
  @ApiProperty({ enum: ['ADD', 'REMOVE'] })
  op!: string;
  @ApiProperty({ enum: KINDS })
  kind!: string;
  @ApiProperty({ type: String, nullable: true })
  code!: string | null;
  @ApiProperty({ type: Number, nullable: true })
  batch!: number | null;
  @ApiProperty({ type: Number, nullable: true })
  position!: number | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the hub found wrong with it before sending; never the content',
  })
  detail!: string | null;
  @ApiProperty()
  tries!: number;
  @ApiProperty()
  openedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  nextAt!: Date | null;
}

export class ExceptionsDto {
  @ApiProperty({ type: [ExceptionGroupDto] })
  groups!: ExceptionGroupDto[];
  @ApiProperty({ type: [ExceptionLineDto] })
  lines!: ExceptionLineDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
