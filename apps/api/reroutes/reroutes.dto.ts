// Re-route tasks as the API shows them, and how ONDE ends them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, Length, Matches } from 'class-validator';
import { RESULT_CODE_ORDER, type ResultCode } from '#contracts';
import type { RerouteEnd } from '#intake';
import { PageQuery } from '../http/paging.dto.js';
import { ReasonDto } from '../http/reason.dto.js';

const ENDS: readonly RerouteEnd[] = ['resolved', 'givenUp', 'notDesired', 'applied', 'otherwise'];

export class ReroutesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ['open', 'closed', 'all'], default: 'open' })
  @IsOptional()
  @IsIn(['open', 'closed', 'all'])
  state: 'open' | 'closed' | 'all' = 'open';

  @ApiPropertyOptional({ example: 'AIS' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{2,8}$/)
  provider?: string;

  @ApiPropertyOptional({ example: 'G0001', description: 'Code or name of the agency' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  agency?: string;
}

export class ResolveRerouteDto extends ReasonDto {
  @ApiProperty({ example: 'TRUE', description: 'The provider that has the line now' })
  @Matches(/^[A-Za-z0-9]{2,8}$/)
  provider!: string;

  @ApiProperty({ example: '2020-04-02T10:00:00+07:00', description: 'When that was confirmed, ISO 8601 with offset' })
  @IsISO8601({ strict: true })
  confirmedAt!: string;

  @ApiProperty({ description: 'Who confirmed, by office', example: 'ผู้อำนวยการสำนักบริหารกลาง' })
  @IsString()
  @Length(1, 200)
  confirmedBy!: string;

  @ApiProperty({ description: "Number of the agency's document", example: 'ดศ 0201/1240' })
  @IsString()
  @Length(1, 200)
  documentRef!: string;
}

export class RerouteDto {
  @ApiProperty()
  rerouteId!: number;
  @ApiProperty({ example: 'AIS', description: 'The provider that does not have the line' })
  provider!: string;
  @ApiProperty({ enum: ['MB', 'FB'] })
  access!: string;
  @ApiProperty({ example: '+6681***5678' })
  line!: string;
  @ApiProperty({ description: 'Opaque; GET /v1/lines/{id} tells its story' })
  lineId!: string;
  @ApiProperty()
  entryRef!: string;
  @ApiProperty({ description: 'The change that was rejected' })
  seq!: number;
  @ApiProperty({ enum: RESULT_CODE_ORDER })
  code!: ResultCode;
  @ApiProperty({ type: [String], description: 'Codes of the agencies that registered it' })
  agencies!: string[];
  @ApiProperty({ enum: ['open', 'closed'] })
  state!: string;
  @ApiProperty({
    enum: ENDS,
    nullable: true,
    type: String,
    description: 'notDesired, applied, otherwise: it ended by itself',
  })
  how!: RerouteEnd | null;
  @ApiProperty({ type: String, nullable: true })
  toProvider!: string | null;
  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
  @ApiProperty()
  openedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  endedBy!: string | null;
}

export class ReroutesDto {
  @ApiProperty({ type: [RerouteDto] })
  reroutes!: RerouteDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}

export class ReroutesByProviderDto {
  @ApiProperty()
  provider!: string;
  @ApiProperty({ enum: RESULT_CODE_ORDER })
  code!: ResultCode;
  @ApiProperty()
  open!: number;
}

export class ReroutesByAgencyDto {
  @ApiProperty()
  agency!: string;
  @ApiProperty()
  open!: number;
}

export class RerouteCountsDto {
  @ApiProperty()
  open!: number;
  @ApiProperty({ type: [ReroutesByProviderDto] })
  byProvider!: ReroutesByProviderDto[];
  @ApiProperty({ type: [ReroutesByAgencyDto], description: 'A line of two agencies counts with both' })
  byAgency!: ReroutesByAgencyDto[];
}
