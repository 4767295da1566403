// Setting providers up: what is asked and shown. Secrets come in and never go out, but for a shared one at its making.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import type { KeyPurpose } from '#contracts';
import { ReasonDto } from '../http/reason.dto.js';

export const PURPOSES: readonly KeyPurpose[] = [
  'signing',
  'callback',
  'digest',
  'sshKey',
  'hostKey',
  'pgpOurs',
  'pgpTheirs',
  'apiKey',
  'oauth2',
  'tls',
  'authority',
];

export class NewProviderDto extends ReasonDto {
  @ApiProperty({ type: Object, description: 'The whole profile, see docs/guides/providers-setup.md' })
  @IsObject()
  profile!: object;

  @ApiPropertyOptional({
    type: Object,
    description: 'Secrets by the names that the profile gives them; what the hub can make may be left out',
  })
  @IsOptional()
  @IsObject()
  secrets?: Record<string, string>;

  @ApiPropertyOptional({ description: 'Only check' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean;
}

export class ProfileChangeDto extends ReasonDto {
  @ApiProperty({ type: Object, description: 'The whole new profile; test lines that were shown masked may stay so' })
  @IsObject()
  profile!: object;

  @ApiProperty({ description: 'Version of the profile that the change was made from' })
  @IsInt()
  @Min(1)
  version!: number;

  @ApiPropertyOptional({
    enum: ['refuse', 'close'],
    description:
      'When the way is switched and batches of the old one are unsettled: refuse (default), or close them and append their changes again (the provider must be paused)',
  })
  @IsOptional()
  @IsIn(['refuse', 'close'])
  unsettled?: 'refuse' | 'close';

  @ApiPropertyOptional({ description: 'Only check, and tell the differences' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean;
}

export class NewKeyChangeDto extends ReasonDto {
  @ApiProperty({ enum: PURPOSES })
  @IsIn(PURPOSES)
  purpose!: KeyPurpose;

  @ApiPropertyOptional({
    description: 'The key: PEM, armoured, a secret, or for hostKey its fingerprint. Without it the hub makes one',
  })
  @IsOptional()
  @IsString()
  @Length(1, 64_000)
  key?: string;

  @ApiPropertyOptional({ description: 'The private key of a certificate (tls), in PEM' })
  @IsOptional()
  @IsString()
  @Length(1, 64_000)
  privateKey?: string;
}

export class ConfirmDto {
  @ApiProperty({ type: [String], description: 'As heard and typed in, one for each key of the change' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(40)
  @IsString({ each: true })
  @Length(8, 200, { each: true })
  fingerprints!: string[];

  @ApiProperty({ example: 'Khun Anong, NT network security, by telephone', minLength: 3, maxLength: 200 })
  @IsString()
  @Length(3, 200)
  heardFrom!: string;
}

export class RetireKeyDto extends ReasonDto {
  @ApiProperty({ example: 'nt.signing.1' })
  @IsString()
  @Length(3, 120)
  name!: string;
}

export class NewTestDto extends ReasonDto {
  @ApiPropertyOptional({ description: "Which of the profile's test lines, from 1", default: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  line?: number;

  @ApiPropertyOptional({ description: 'Seconds to wait for each of the two outcomes', default: 120 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  withinS?: number;
}

export class ShownKeyDto {
  @ApiProperty({ enum: PURPOSES })
  purpose!: KeyPurpose;
  @ApiProperty({ example: 'nt.signing.1' })
  name!: string;
  @ApiProperty()
  fingerprint!: string;
}

export class HeldKeyDto {
  @ApiProperty({ enum: PURPOSES })
  purpose!: KeyPurpose;
  @ApiProperty()
  name!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Null when the vault has no such secret' })
  fingerprint!: string | null;
  @ApiProperty({ type: Date, nullable: true })
  storedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true })
  storedBy!: string | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When a certificate ends' })
  endsAt!: Date | null;
}

export class GiveDto {
  @ApiProperty()
  name!: string;
  @ApiProperty({ description: 'What it is, in words' })
  what!: string;
  @ApiProperty({ description: 'To be given to the provider over a safe way' })
  text!: string;
  @ApiProperty({ description: 'True: it is a secret, and shown this once' })
  secret!: boolean;
}

export class ConfirmedByDto {
  @ApiProperty()
  name!: string;
  @ApiProperty()
  heardFrom!: string;
  @ApiProperty()
  at!: Date;
}

export class KeyChangeDto {
  @ApiProperty()
  changeId!: number;
  @ApiProperty({ enum: ['added', ...PURPOSES] })
  purpose!: string;
  @ApiProperty({ type: [ShownKeyDto] })
  keys!: ShownKeyDto[];
  @ApiProperty({ enum: ['pending', 'confirmed', 'cancelled', 'expired'] })
  state!: string;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  proposedBy!: string;
  @ApiProperty()
  proposedAt!: Date;
  @ApiProperty()
  expiresAt!: Date;
  @ApiProperty({ type: [ConfirmedByDto] })
  confirmedBy!: ConfirmedByDto[];
}

export class KeyChangeListDto {
  @ApiProperty({ type: [KeyChangeDto] })
  changes!: KeyChangeDto[];
}

export class ProfileDto {
  @ApiProperty()
  provider!: string;
  @ApiProperty()
  version!: number;
  @ApiProperty({ type: Object, description: 'Test lines are masked' })
  profile!: object;
  @ApiProperty({ type: [HeldKeyDto] })
  keys!: HeldKeyDto[];
  @ApiProperty({ type: [String], description: 'Secrets in the vault that the profile does not name; retire them' })
  unusedSecrets!: string[];
  @ApiProperty({ type: [KeyChangeDto], description: 'Waiting for their confirmations' })
  pendingKeyChanges!: KeyChangeDto[];
}

export class AddedDto {
  @ApiProperty({ enum: ['added', 'dry run'] })
  result!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'The change of keys that two people must confirm' })
  changeId!: number | null;
  @ApiProperty({ type: [ShownKeyDto] })
  keys!: ShownKeyDto[];
  @ApiProperty({ type: [String], description: 'In a dry run: keys that the hub would make' })
  toBeMade!: string[];
  @ApiProperty({ type: [GiveDto] })
  give!: GiveDto[];
}

export class DifferenceDto {
  @ApiProperty({ example: 'transport.timeoutMs' })
  field!: string;
  @ApiProperty({ type: Object, nullable: true })
  before!: unknown;
  @ApiProperty({ type: Object, nullable: true })
  after!: unknown;
}

export class ProfileChangedDto {
  @ApiProperty({ enum: ['changed', 'unchanged', 'dry run'] })
  result!: string;
  @ApiProperty({ type: [DifferenceDto] })
  differences!: DifferenceDto[];
  @ApiProperty({ description: 'Format, transport or acknowledgement change: nothing of the old way may be open' })
  waySwitched!: boolean;
  @ApiProperty({ type: [Number], description: 'Batches that were closed; their changes were appended again' })
  closed!: number[];
  @ApiProperty({ type: [Number], description: 'Batches whose unanswered lines are uncertain now' })
  givenUp!: number[];
}

export class ProposedDto {
  @ApiProperty()
  changeId!: number;
  @ApiProperty({ type: ShownKeyDto })
  key!: ShownKeyDto;
  @ApiProperty({ type: GiveDto, nullable: true })
  give!: GiveDto | null;
}

export class ConfirmResultDto {
  @ApiProperty({ enum: ['pending', 'confirmed'] })
  state!: string;
  @ApiProperty({ description: 'Confirmations that are still missing' })
  missing!: number;
}

export class ActResultDto {
  @ApiProperty({ enum: ['cancelled', 'retired'] })
  result!: string;
}

export class TestStartedDto {
  @ApiProperty()
  testId!: number;
}

export class TestStepDto {
  @ApiProperty({ enum: ['address', 'connection', 'authentication', 'add', 'remove'] })
  step!: string;
  @ApiProperty({ enum: ['passed', 'failed', 'skipped'] })
  outcome!: string;
  @ApiProperty()
  text!: string;
  @ApiProperty()
  ms!: number;
}

export class ProviderTestDto {
  @ApiProperty()
  testId!: number;
  @ApiProperty()
  lineNo!: number;
  @ApiProperty({ type: [TestStepDto] })
  steps!: TestStepDto[];
  @ApiProperty({ enum: ['running', 'passed', 'failed'] })
  state!: string;
  @ApiProperty()
  reason!: string;
  @ApiProperty()
  startedAt!: Date;
  @ApiProperty({ type: Date, nullable: true })
  endedAt!: Date | null;
}
