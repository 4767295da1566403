// What was set aside, as the API shows it.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { SET_ASIDE_ORDER, type SetAsideReason } from '#contracts';
import { PageQuery } from '../http/paging.dto.js';

export class OwnSetAsideQuery extends PageQuery {
  @ApiPropertyOptional({ enum: SET_ASIDE_ORDER })
  @IsOptional()
  @IsIn(SET_ASIDE_ORDER)
  reason?: SetAsideReason;
}

export class SetAsideQuery extends OwnSetAsideQuery {
  @ApiPropertyOptional({ example: 'TRUE' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{2,12}$/)
  provider?: string;
}

export class SetAsideGroupDto {
  @ApiProperty({ example: 'TRUE' })
  provider!: string;
  @ApiProperty({ enum: SET_ASIDE_ORDER })
  reason!: string;
  @ApiProperty({ description: 'Messages, or files, that were set aside as a whole or in part' })
  messages!: number;
  @ApiProperty({ description: 'Lines that they spoke of' })
  items!: number;
  @ApiProperty()
  firstAt!: Date;
  @ApiProperty()
  lastAt!: Date;
  @ApiProperty()
  th!: string;
  @ApiProperty()
  en!: string;
  @ApiProperty({ description: 'What the provider does about it' })
  remedyTh!: string;
  @ApiProperty()
  remedyEn!: string;
}

export class SetAsideRowDto {
  @ApiProperty()
  id!: number;
  @ApiProperty({ example: 'TRUE' })
  provider!: string;
  @ApiProperty({ enum: SET_ASIDE_ORDER })
  reason!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'Null when it named none, or could not be verified' })
  batch!: number | null;
  @ApiProperty({ description: 'What exactly was wrong; never holds a line' })
  detail!: string;
  @ApiProperty({ description: 'How often within its ten minutes' })
  messages!: number;
  @ApiProperty()
  items!: number;
  @ApiProperty()
  firstAt!: Date;
  @ApiProperty()
  lastAt!: Date;
}

export class SetAsideDto {
  @ApiProperty({ type: [SetAsideGroupDto] })
  groups!: SetAsideGroupDto[];
  @ApiProperty({ type: [SetAsideRowDto] })
  rows!: SetAsideRowDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
