// Maintenance as the API takes and shows it.
import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601 } from 'class-validator';
import { ReasonDto } from '../http/reason.dto.js';

export class NewMaintenanceDto extends ReasonDto {
  @ApiProperty({ example: '2020-03-20T22:00:00+07:00' })
  @IsISO8601({ strict: true })
  from!: string;
  @ApiProperty({ example: '2020-03-21T02:00:00+07:00', description: 'At most 7 days after from' })
  @IsISO8601({ strict: true })
  until!: string;
}

export class MaintenanceDto {
  @ApiProperty()
  maintenanceId!: number;
  @ApiProperty()
  provider!: string;
  @ApiProperty()
  from!: Date;
  @ApiProperty({ description: 'Earlier than planned when somebody ended it' })
  until!: Date;
  @ApiProperty()
  plannedUntil!: Date;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  by!: string;
  @ApiProperty()
  plannedAt!: Date;
  @ApiProperty({ enum: ['planned', 'underWay', 'over', 'cancelled'] })
  state!: string;
  @ApiProperty({ type: String, nullable: true })
  endedBy!: string | null;
  @ApiProperty({ type: String, nullable: true })
  endReason!: string | null;
}

export class MaintenanceListDto {
  @ApiProperty({ type: [MaintenanceDto] })
  maintenance!: MaintenanceDto[];
}
