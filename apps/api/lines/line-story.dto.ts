// What the story of a line looks like, for the API's description.
import { ApiProperty } from '@nestjs/swagger';

export class SentenceDto {
  @ApiProperty({ enum: ['yes', 'notYet', 'no'] })
  free!: string;
  @ApiProperty({ example: 'ส่งให้ เอไอเอส แล้ว รอการตอบรับ' })
  th!: string;
  @ApiProperty({ example: 'It was sent to AIS, which must confirm the receipt by 18 Mar 2020, 17:20.' })
  en!: string;
  @ApiProperty({
    enum: ['nobody', 'hub', 'provider', 'onde', 'agency', 'ops', 'person'],
    description: 'Who must act now',
  })
  next!: string;
  @ApiProperty({ type: Date, nullable: true })
  by!: Date | null;
}

export class DesiredDto {
  @ApiProperty()
  present!: boolean;
  @ApiProperty({ type: String, nullable: true })
  package!: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  validFrom!: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  validTo!: string | null;
  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'The next day on which the calendar changes it',
  })
  nextChangeOn!: string | null;
}

export class StoryProviderDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ format: 'uuid' })
  entryRef!: string;
  @ApiProperty({ type: DesiredDto })
  desired!: DesiredDto;
  @ApiProperty()
  revision!: number;
  @ApiProperty({
    enum: ['never', 'pending', 'waiting', 'inFlight', 'applied', 'rejected', 'retrying', 'held', 'uncertain'],
  })
  status!: string;
  @ApiProperty({ type: SentenceDto })
  sentence!: SentenceDto;
  @ApiProperty({
    type: 'array',
    items: { type: 'object' },
    description: 'Every change, newest first, with batches, attempts, outcomes and exceptions',
  })
  changes!: object[];
}

export class DisclosureDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty()
  firstAt!: Date;
  @ApiProperty()
  lastAt!: Date;
  @ApiProperty({ description: 'Batches that carried it and were handed over' })
  times!: number;
}

export class LineStoryDto {
  @ApiProperty()
  id!: string;
  @ApiProperty({ enum: ['MB', 'FB'] })
  access!: string;
  @ApiProperty({ example: '+6681***5678' })
  line!: string;
  @ApiProperty({ type: Date, nullable: true })
  withdrawnAt!: Date | null;
  @ApiProperty()
  asOf!: Date;
  @ApiProperty({ type: SentenceDto, description: 'Why the line is (not) free, in one sentence' })
  why!: SentenceDto;
  @ApiProperty({ type: 'array', items: { type: 'object' } })
  registrations!: object[];
  @ApiProperty({ type: [StoryProviderDto] })
  providers!: StoryProviderDto[];
  @ApiProperty({
    type: [DisclosureDto],
    description: 'To whom the line was disclosed, and when, also before retention',
  })
  disclosures!: DisclosureDto[];
}
