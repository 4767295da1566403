// Questions about lines. Numbers stand in bodies only, never in an address.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length } from 'class-validator';

export class LineSearchDto {
  @ApiPropertyOptional({ example: '0812345678', description: 'A mobile number, as people write it' })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  number?: string;

  @ApiPropertyOptional({ example: '8801234567', description: 'A fixed line’s circuit number; needs `provider`' })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  circuit?: string;

  @ApiPropertyOptional({ example: 'TOT' })
  @IsOptional()
  @IsString()
  @Length(2, 8)
  provider?: string;

  @ApiPropertyOptional({ example: 'G0001', description: 'Code of the agency; needs `reference`' })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  agency?: string;

  @ApiPropertyOptional({ example: 'HR-63-00017' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  reference?: string;
}

export class FoundLineDto {
  @ApiProperty({ description: 'Opaque; GET /v1/lines/{id} tells its story' })
  id!: string;
  @ApiProperty({ enum: ['MB', 'FB'] })
  access!: string;
  @ApiProperty({ example: '+6681***5678' })
  line!: string;
  @ApiProperty({ type: [String], description: 'Providers that a registration names' })
  providers!: string[];
}

export class FoundLinesDto {
  @ApiProperty({ type: [FoundLineDto] })
  lines!: FoundLineDto[];
}

export class PushedDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;

  @ApiProperty({
    enum: ['ahead', 'onItsWay', 'behind'],
    description: 'behind: an earlier change of this entry is still unsealed, and nothing overtakes that',
  })
  push!: 'ahead' | 'onItsWay' | 'behind';
}
