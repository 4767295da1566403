// Alerts as the API shows them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { ALERT_KINDS, type AlertKind } from '#contracts';
import { PageQuery } from '../http/paging.dto.js';

export class AlertsQuery extends PageQuery {
  @ApiPropertyOptional({
    enum: ['open', 'all'],
    default: 'open',
    description: 'Open ones only, or those that are over too',
  })
  @IsOptional()
  @IsIn(['open', 'all'])
  state: 'open' | 'all' = 'open';

  @ApiPropertyOptional({ example: 'AIS' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{2,8}$/)
  provider?: string;

  @ApiPropertyOptional({ enum: ALERT_KINDS })
  @IsOptional()
  @IsIn(ALERT_KINDS)
  kind?: AlertKind;
}

export class AlertDto {
  @ApiProperty()
  alertId!: number;
  @ApiProperty({ enum: ALERT_KINDS })
  kind!: AlertKind;
  @ApiProperty({ type: String, nullable: true, description: 'Provider code; null: it is about the hub' })
  provider!: string | null;
  @ApiProperty({ example: 'batch:42' })
  subject!: string;
  @ApiProperty()
  text!: string;
  @ApiProperty()
  raisedAt!: Date;
  @ApiProperty({ description: 'When it was raised again' })
  lastAt!: Date;
  @ApiProperty()
  times!: number;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}

export class AlertsDto {
  @ApiProperty({ type: [AlertDto] })
  alerts!: AlertDto[];
  @ApiProperty({ type: Number, nullable: true })
  next!: number | null;
}
