// Bodies of requests about single registrations. What a field means is judged by the reader; here is their shape.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { APPS } from '../reading/index.js';
import { MOST_LINES } from '../register.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const APP_CODES = APPS.map((app) => app.code);

export class ConfirmationDto {
  @ApiProperty({
    description: 'When the agency confirmed, ISO 8601 with offset.',
    example: '2020-03-18T10:00:00+07:00',
  })
  @IsISO8601({ strict: true })
  confirmedAt!: string;

  @ApiProperty({ description: 'Who confirmed, by office.', example: 'ผู้อำนวยการสำนักบริหารกลาง' })
  @IsString()
  @Length(1, 200)
  confirmedBy!: string;

  @ApiProperty({ description: "Number of the agency's document.", example: 'ดศ 0201/1234' })
  @IsString()
  @Length(1, 200)
  document!: string;
}

export class RegistrationLineDto {
  @ApiProperty({ example: 'AIS', description: 'Code or name of the provider.' })
  @IsString()
  @Length(1, 100)
  provider!: string;

  @ApiPropertyOptional({ enum: ['MB', 'FB'], description: 'MB: mobile broadband; FB: fixed broadband.' })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  access?: string;

  @ApiProperty({ description: "The mobile number, or the provider's circuit number.", example: '0800000000' })
  @IsString()
  @Length(1, 40)
  number!: string;

  @ApiPropertyOptional({ example: 'WAH-MB', description: 'Without it the standard package.' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  package?: string;

  @ApiProperty({ example: '2020-03-19', description: 'First day, Asia/Bangkok.' })
  @IsString()
  @MaxLength(40)
  validFrom!: string;

  @ApiPropertyOptional({ example: '2020-04-30', description: 'Last day, included; without it there is no end.' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  validTo?: string;

  @ApiPropertyOptional({ isArray: true, enum: APP_CODES, description: 'Applications that are used; for reports only.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  apps?: string[];

  @ApiPropertyOptional({ description: "The person's name. Stored encrypted, never leaves the hub." })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  name?: string;

  @ApiPropertyOptional({ type: String, description: 'Not needed: dropped unread.', deprecated: true })
  @IsOptional()
  @Transform(() => undefined)
  nationalId?: undefined;
}

export class RegistrationDto {
  @ApiProperty({ example: 'G0001', description: 'Code or name of the agency.' })
  @IsString()
  @Length(1, 300)
  agency!: string;

  @ApiProperty({
    example: 'HR-63-00017',
    description: "The agency's own reference. With agency and line it is the key.",
  })
  @IsString()
  @Length(1, 64)
  reference!: string;

  @ApiPropertyOptional({
    type: ConfirmationDto,
    description: 'Without it the registration is a draft and is never sent.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => ConfirmationDto)
  confirmation?: ConfirmationDto;

  @ApiProperty({ type: [RegistrationLineDto], minItems: 1, maxItems: MOST_LINES })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_LINES)
  @ValidateNested({ each: true })
  @Type(() => RegistrationLineDto)
  lines!: RegistrationLineDto[];
}

/** One registration by its id, or all lines under an agency's reference. In the body, since references may be personal. */
export class SelectionDto {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @MaxLength(36)
  id?: string;

  @ApiPropertyOptional({ example: 'G0001' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  agency?: string;

  @ApiPropertyOptional({ example: 'HR-63-00017' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  reference?: string;
}

export class ConfirmDto extends SelectionDto {
  @ApiProperty({ type: ConfirmationDto })
  @ValidateNested()
  @Type(() => ConfirmationDto)
  confirmation!: ConfirmationDto;
}

export class AmendDto {
  @ApiPropertyOptional({ example: 'TRUE', description: 'Code of the new provider; mobile lines only.' })
  @IsOptional()
  @IsString()
  @MaxLength(8)
  provider?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @Matches(/^[A-Z0-9][A-Z0-9-]{0,31}$/)
  package?: string;

  @ApiPropertyOptional({ example: '2020-03-19' })
  @IsOptional()
  @Matches(DAY)
  @IsISO8601({ strict: true })
  validFrom?: string;

  @ApiPropertyOptional({ example: '2020-04-30', nullable: true, description: 'null takes the end away.' })
  @IsOptional()
  @Matches(DAY)
  @IsISO8601({ strict: true })
  validTo?: string | null;

  @ApiPropertyOptional({ isArray: true, enum: APP_CODES })
  @IsOptional()
  @IsArray()
  @IsIn(APP_CODES, { each: true })
  apps?: string[];

  @ApiPropertyOptional({ type: ConfirmationDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => ConfirmationDto)
  confirmation?: ConfirmationDto;
}

export class WithdrawalDto {
  @ApiProperty({ enum: ['MB', 'FB'] })
  @IsIn(['MB', 'FB'])
  access!: 'MB' | 'FB';

  @ApiPropertyOptional({ description: "Needed for fixed lines, whose numbers are the providers' own.", example: 'TOT' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  provider?: string;

  @ApiProperty({ example: '0800000000' })
  @IsString()
  @Length(1, 40)
  number!: string;

  @ApiPropertyOptional({ description: 'When the person asked; now if it is missing. Not in the future.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  at?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(500)
  reason?: string;
}
