// The emergency stop as the API shows it.
import { ApiProperty } from '@nestjs/swagger';

export class EmergencyStopDto {
  @ApiProperty()
  stopId!: number;
  @ApiProperty()
  by!: string;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  stoppedAt!: Date;
  @ApiProperty({ type: String, nullable: true, description: 'Who asked for the release; somebody else grants it' })
  releaseAskedBy!: string | null;
  @ApiProperty({ type: String, nullable: true })
  releaseReason!: string | null;
}

export class EmergencyDto {
  @ApiProperty({ type: EmergencyStopDto, nullable: true, description: 'Null while nothing is stopped' })
  stop!: EmergencyStopDto | null;
}

export class ReleaseDto extends EmergencyDto {
  @ApiProperty({ enum: ['asked', 'released'] })
  result!: string;
}
