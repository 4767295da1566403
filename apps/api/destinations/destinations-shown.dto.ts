// Destination lists: what is shown.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { SOURCE_FORMATS } from '#destinations';
import { SelectionDto, VENDORS } from './destinations.dto.js';

export class FlowDto {
  @ApiProperty({ enum: ['tcp', 'udp', 'any'] })
  proto!: 'tcp' | 'udp' | 'any';
  @ApiProperty({ type: [String], description: 'Ports and ranges; none is all', example: ['3478-3481'] })
  ports!: string[];
}

export class DestinationSourceDto {
  @ApiProperty({ enum: VENDORS })
  vendor!: string;
  @ApiProperty({ example: '11' })
  set!: string;
  @ApiProperty({ example: '2020032500' })
  version!: string;
  @ApiPropertyOptional({ description: 'What the vendor wrote, when this destination covers it' })
  value?: string;
}

export class DestinationDto {
  @ApiProperty({ example: 'teams' })
  app!: string;
  @ApiProperty({ enum: ['cidr', 'domain', 'wildcard'] })
  kind!: 'cidr' | 'domain' | 'wildcard';
  @ApiProperty({ example: '52.120.0.0/14' })
  value!: string;
  @ApiProperty({ type: [FlowDto] })
  flows!: FlowDto[];
  @ApiProperty({ type: [DestinationSourceDto] })
  sources!: DestinationSourceDto[];
}

export class SourceDto {
  @ApiProperty()
  sourceId!: number;
  @ApiProperty({ enum: VENDORS })
  vendor!: string;
  @ApiProperty({ enum: SOURCE_FORMATS })
  format!: string;
  @ApiProperty({ example: '2020022800' })
  version!: string;
  @ApiProperty({ description: 'SHA-256 of the file that was read' })
  fileSha256!: string;
  @ApiProperty()
  setCount!: number;
  @ApiProperty()
  valueCount!: number;
  @ApiProperty({ type: [String] })
  notes!: string[];
  @ApiProperty()
  importedAt!: Date;
  @ApiProperty()
  importedBy!: string;
}

export class ImportedSourceDto {
  @ApiProperty({ enum: ['imported', 'was imported'] })
  result!: string;
  @ApiProperty({ type: SourceDto })
  source!: SourceDto;
}

export class SourceListDto {
  @ApiProperty({ type: [SourceDto] })
  sources!: SourceDto[];
}

export class SourceSetDto {
  @ApiProperty()
  set!: string;
  @ApiProperty()
  name!: string;
  @ApiProperty({ type: [String] })
  cidrs!: string[];
  @ApiProperty({ type: [String] })
  domains!: string[];
  @ApiProperty({ type: [FlowDto] })
  flows!: FlowDto[];
}

export class SourceDetailDto extends SourceDto {
  @ApiProperty({ type: [SourceSetDto] })
  sets!: SourceSetDto[];
}

export class DeniedDto {
  @ApiProperty()
  app!: string;
  @ApiProperty({ example: '*.msecnd.net' })
  value!: string;
  @ApiProperty()
  reason!: string;
  @ApiPropertyOptional()
  reasonTh?: string;
  @ApiProperty({ type: [DestinationSourceDto] })
  sources!: DestinationSourceDto[];
}

export class CuratedDto {
  @ApiProperty({ type: [SelectionDto] })
  selections!: SelectionDto[];
  @ApiProperty({ type: [DestinationDto] })
  entries!: DestinationDto[];
  @ApiProperty({ type: [DeniedDto] })
  denied!: DeniedDto[];
  @ApiProperty({ description: 'Values that a wider destination of the list covers' })
  collapsed!: number;
  @ApiProperty({ type: [String] })
  warnings!: string[];
}

export class ListDiffDto {
  @ApiProperty({ type: Number, nullable: true })
  since!: number | null;
  @ApiProperty({ type: [DestinationDto] })
  added!: DestinationDto[];
  @ApiProperty({ type: [DestinationDto] })
  removed!: DestinationDto[];
}

export class VersionDiffDto extends ListDiffDto {
  @ApiProperty()
  version!: number;
}

export class DraftSummaryDto {
  @ApiProperty()
  draftId!: number;
  @ApiProperty({ enum: ['proposed', 'approved', 'published', 'withdrawn'] })
  state!: string;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  destinations!: number;
  @ApiProperty()
  deniedCount!: number;
  @ApiProperty()
  collapsed!: number;
  @ApiProperty({ type: Date, nullable: true })
  effectiveAt!: Date | null;
  @ApiProperty()
  contentSha256!: string;
  @ApiProperty({ type: Number, nullable: true })
  rollbackOf!: number | null;
  @ApiProperty()
  proposedBy!: string;
  @ApiProperty()
  proposedAt!: Date;
  @ApiProperty({ type: String, nullable: true })
  approvedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  approvedAt!: Date | null;
  @ApiProperty({ type: Number, nullable: true })
  version!: number | null;
}

export class DraftDto extends DraftSummaryDto {
  @ApiProperty({ type: [SelectionDto] })
  selections!: SelectionDto[];
  @ApiProperty({ type: [DestinationDto] })
  entries!: DestinationDto[];
  @ApiProperty({ type: [DeniedDto] })
  denied!: DeniedDto[];
  @ApiProperty({ type: [String] })
  warnings!: string[];
  @ApiProperty({ type: ListDiffDto })
  diff!: ListDiffDto;
}

export class DraftListDto {
  @ApiProperty({ type: [DraftSummaryDto] })
  drafts!: DraftSummaryDto[];
}

export class ActResultDto {
  @ApiProperty({ example: 'approved' })
  result!: string;
  @ApiPropertyOptional()
  version?: number;
}

export class VersionSummaryDto {
  @ApiProperty({ example: 2020032501 })
  version!: number;
  @ApiProperty({ enum: ['scheduled', 'inForce', 'replaced', 'cancelled'] })
  state!: string;
  @ApiProperty()
  destinations!: number;
  @ApiProperty()
  sha256!: string;
  @ApiProperty()
  effectiveAt!: Date;
  @ApiProperty()
  publishedAt!: Date;
  @ApiProperty()
  reason!: string;
  @ApiProperty({ type: Number, nullable: true })
  rollbackOf!: number | null;
  @ApiProperty()
  draftId!: number;
  @ApiProperty()
  proposedBy!: string;
  @ApiProperty()
  approvedBy!: string;
  @ApiProperty()
  publishedBy!: string;
}

export class VersionDto extends VersionSummaryDto {
  @ApiProperty({ type: [DestinationDto] })
  entries!: DestinationDto[];
}

export class VersionListDto {
  @ApiProperty({ type: [VersionSummaryDto] })
  versions!: VersionSummaryDto[];
}

export class ListStandingDto {
  @ApiProperty({ example: 'AIS' })
  provider!: string;
  @ApiProperty({ type: String, nullable: true, enum: ['event', 'file', 't8', 'feed'] })
  form!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'The version that is due there' })
  version!: number | null;
  @ApiProperty({ type: String, nullable: true, enum: ['waiting', 'told', 'offered', 'acknowledged'] })
  state!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  toldAt!: Date | null;
  @ApiProperty({ type: Number, nullable: true, description: 'The version it acknowledged last' })
  acknowledged!: number | null;
  @ApiProperty({ type: Date, nullable: true })
  enforcedSince!: Date | null;
  @ApiProperty()
  attempts!: number;
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
  @ApiProperty()
  paused!: boolean;
}

export class ListStandingsDto {
  @ApiProperty({ type: [ListStandingDto] })
  providers!: ListStandingDto[];
}

export class ListAttemptDto {
  @ApiProperty()
  version!: number;
  @ApiProperty()
  attempt!: number;
  @ApiProperty()
  startedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  result!: string | null;
  @ApiProperty({ type: Number, nullable: true })
  status!: number | null;
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
}

export class ListAttemptsDto {
  @ApiProperty({ type: [ListAttemptDto] })
  attempts!: ListAttemptDto[];
}
