// Bodies and answers of planned hand-overs between providers.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsInt,
  IsNumber,
  IsOptional,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { HAND_OVER_MOVES, MISFITS, type HandOverState, type Misfit } from '#intake';
import { ReasonDto } from '../http/reason.dto.js';

const STATES = Object.keys(HAND_OVER_MOVES) as HandOverState[];
const REASONS = Object.keys(MISFITS) as Misfit[];
const CODE = /^[A-Za-z0-9]{2,8}$/;

export class ProposeHandOverDto extends ReasonDto {
  @ApiProperty({ type: [String], example: ['CAT', 'TOT'], description: 'Providers whose lines are handed over' })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(8)
  @ArrayUnique()
  @Matches(CODE, { each: true })
  from!: string[];

  @ApiProperty({ example: 'NT', description: 'The provider that takes them' })
  @Matches(CODE)
  to!: string;

  @ApiPropertyOptional({
    default: 72,
    description: 'So many hours the old provider keeps a line that the new one has not acknowledged',
  })
  @IsOptional()
  @IsNumber()
  @Min(0.1)
  @Max(24 * 90)
  limitHours: number = 72;
}

export class ApproveHandOverDto extends ReasonDto {
  @ApiProperty({ description: 'planHash of what was looked at; another plan is refused', pattern: '^[0-9a-f]{64}$' })
  @Matches(/^[0-9a-fA-F]{64}$/)
  planHash!: string;
}

export class HandOverPlanPartDto {
  @ApiProperty({ example: 'TOT' })
  provider!: string;
  @ApiProperty({ description: 'Mobile lines to be moved' })
  mobile!: number;
  @ApiProperty({ description: 'Fixed lines to be moved' })
  fixed!: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: `Lines that would stay, by reason: ${REASONS.join(', ')}`,
  })
  stays!: Partial<Record<Misfit, number>>;
}

export class HandOverPlanDto {
  @ApiProperty({ description: 'Lines to be moved' })
  lines!: number;
  @ApiProperty({ description: 'Lines that would stay' })
  stays!: number;
  @ApiProperty({ type: [HandOverPlanPartDto] })
  from!: HandOverPlanPartDto[];
}

export class HandOverProgressDto {
  @ApiProperty({ description: 'Lines whose registrations name the new provider' })
  changed!: number;
  @ApiProperty({ description: 'Moves that wait for the new provider; the old one keeps these lines' })
  open!: number;
  @ApiProperty({ description: 'Acknowledged by the new provider; the old one is told to remove them' })
  acknowledged!: number;
  @ApiProperty({ description: 'Ended by the limit' })
  limit!: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'How these stood at the new provider',
  })
  limitReasons!: Record<string, number>;
  @ApiProperty({ description: 'Nothing was due at the new provider any more' })
  ended!: number;
  @ApiProperty({ description: 'The old provider did not have the line' })
  notHeld!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Lines left where they are' })
  exceptions!: Partial<Record<Misfit, number>>;
}

export class HandOverDto {
  @ApiProperty()
  handOverId!: number;
  @ApiProperty({ type: [String], example: ['CAT', 'TOT'] })
  from!: string[];
  @ApiProperty({ example: 'NT' })
  to!: string;
  @ApiProperty()
  limitHours!: number;
  @ApiProperty({ enum: STATES })
  state!: HandOverState;
  @ApiProperty()
  reason!: string;
  @ApiProperty({ type: HandOverPlanDto })
  plan!: HandOverPlanDto;
  @ApiProperty({ description: 'SHA-256 that an approval must name' })
  planHash!: string;
  @ApiProperty()
  proposedBy!: string;
  @ApiProperty()
  proposedAt!: Date;
  @ApiProperty({ type: String, nullable: true })
  approvedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  approvedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
  @ApiProperty({ type: HandOverProgressDto })
  progress!: HandOverProgressDto;
}

export class HandOversDto {
  @ApiProperty({ type: [HandOverDto] })
  handOvers!: HandOverDto[];
}

export class HandOverExceptionsQuery {
  @ApiPropertyOptional({ description: 'The `next` of the page before' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after: number = 0;

  @ApiPropertyOptional({ default: 100, maximum: 1000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}

export class HandOverExceptionDto {
  @ApiProperty({ description: 'Opaque; GET /v1/lines/{id} tells its story' })
  lineId!: string;
  @ApiProperty({ example: 'TOT' })
  provider!: string;
  @ApiProperty({ enum: REASONS })
  reason!: Misfit;
  @ApiProperty()
  detail!: string;
  @ApiProperty()
  detailTh!: string;
}

export class HandOverExceptionsDto {
  @ApiProperty({ type: [HandOverExceptionDto] })
  exceptions!: HandOverExceptionDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
