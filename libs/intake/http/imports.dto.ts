// Query parameters of imports.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsISO8601, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export class ImportQueryDto {
  @ApiPropertyOptional({
    enum: ['add', 'roster'],
    description: 'add: rows are added or amended. roster: lines of the agency that the file lacks are removed, too.',
  })
  @IsOptional()
  @IsIn(['add', 'roster'])
  mode?: 'add' | 'roster';

  @ApiPropertyOptional({
    description: 'Code or name of the agency for rows that name none; required for a roster.',
    example: 'G0001',
  })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  agency?: string;

  @ApiPropertyOptional({
    type: Boolean,
    description: 'Only look: counts and problems, nothing is written. Start it afterwards.',
  })
  @IsOptional()
  @Transform(({ value }) =>
    value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value,
  )
  @IsBoolean()
  dryRun?: boolean;

  @ApiPropertyOptional({
    enum: ['utf-8', 'windows-874', 'utf-16le', 'utf-16be'],
    description: 'Without it the file itself tells.',
  })
  @IsOptional()
  @IsIn(['utf-8', 'windows-874', 'utf-16le', 'utf-16be'])
  encoding?: 'utf-8' | 'windows-874' | 'utf-16le' | 'utf-16be';

  @ApiPropertyOptional({ description: 'Name of the sheet; without it the first one with a header.' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  sheet?: string;

  @ApiPropertyOptional({ example: '2020-03-19', description: 'First day for rows that have none.' })
  @IsOptional()
  @Matches(DAY)
  @IsISO8601({ strict: true })
  validFrom?: string;

  @ApiPropertyOptional({ example: '2020-06-30', description: 'Last day for rows that have none.' })
  @IsOptional()
  @Matches(DAY)
  @IsISO8601({ strict: true })
  validTo?: string;
}

export class ListQueryDto {
  @ApiPropertyOptional({ description: 'Only imports with a smaller number.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2 ** 31 - 1)
  before?: number;
}

export class RowsQueryDto {
  @ApiPropertyOptional({ description: 'Only rows after this one.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after?: number;
}

export class ExtensionDto {
  @ApiProperty({
    example: '2020-04-30',
    description: 'The last day that is moved: every confirmed registration that ends on it.',
  })
  @Matches(DAY)
  @IsISO8601({ strict: true })
  endingOn!: string;

  @ApiProperty({ example: '2020-06-30', description: 'The new last day.' })
  @Matches(DAY)
  @IsISO8601({ strict: true })
  to!: string;

  @ApiPropertyOptional({ example: 'G0001', description: 'One agency only.' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  agency?: string;
}
