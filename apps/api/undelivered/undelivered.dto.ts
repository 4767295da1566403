// What was not delivered, as the API shows it.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { RESULT_CODE_ORDER } from '#contracts';
import { UNDELIVERED, type Undelivered } from '#operations';
import { SentenceDto } from '../lines/line-story.dto.js';

export class UndeliveredQuery {
  @ApiPropertyOptional({ enum: UNDELIVERED })
  @IsOptional()
  @IsIn(UNDELIVERED)
  standing?: Undelivered;

  @ApiPropertyOptional({ enum: RESULT_CODE_ORDER })
  @IsOptional()
  @IsIn(RESULT_CODE_ORDER)
  code?: string;

  @ApiPropertyOptional({ description: 'The `next` of the page before; without it the oldest come first' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after?: number;

  @ApiPropertyOptional({ default: 50, maximum: 500 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;
}

export class UndeliveredGroupDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ enum: UNDELIVERED })
  standing!: string;
  @ApiProperty({ type: String, nullable: true, enum: RESULT_CODE_ORDER })
  code!: string | null;
  @ApiProperty()
  lines!: number;
  @ApiProperty({ description: 'Of them, lines that should be there; the others should be gone' })
  additions!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'When the oldest of them came to stand so' })
  since!: Date | null;
  @ApiProperty({ type: SentenceDto, description: 'Why, who acts next and by when' })
  sentence!: SentenceDto;
}

export class UndeliveredDto {
  @ApiProperty()
  asOf!: Date;
  @ApiProperty({ description: 'Lines at providers whose newest state is not acknowledged; the sum of the groups' })
  lines!: number;
  @ApiProperty({ type: [UndeliveredGroupDto] })
  groups!: UndeliveredGroupDto[];
}

export class UndeliveredLineDto {
  @ApiProperty({ description: 'Opaque id of the line: GET /v1/lines/{id} tells its whole story' })
  lineId!: string;
  @ApiProperty({ format: 'uuid' })
  entryRef!: string;
  @ApiProperty({ enum: ['MB', 'FB'] })
  access!: string;
  @ApiProperty({ example: '+6681***5678' })
  line!: string;
  @ApiProperty({ enum: ['ADD', 'REMOVE'] })
  op!: string;
  @ApiProperty()
  seq!: number;
  @ApiProperty({ enum: UNDELIVERED })
  standing!: string;
  @ApiProperty({ type: String, nullable: true, enum: RESULT_CODE_ORDER })
  code!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'The batch that carries it, if one does' })
  batch!: number | null;
  @ApiProperty({ description: 'Since when the provider should know it, repeats not counted' })
  since!: Date;
  @ApiProperty({ description: 'How often the provider asked for it to be tried again' })
  tries!: number;
  @ApiProperty({ type: SentenceDto })
  sentence!: SentenceDto;
}

export class UndeliveredLinesDto {
  @ApiProperty({ type: [UndeliveredLineDto], description: 'Oldest first' })
  lines!: UndeliveredLineDto[];
  @ApiProperty({ type: Number, nullable: true, description: 'Cursor for `after`; null at the end' })
  next!: number | null;
}
