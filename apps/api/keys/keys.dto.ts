// API keys: what is asked and shown. The key itself is shown once, when it is made.
import { ApiProperty } from '@nestjs/swagger';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsString, Length } from 'class-validator';

export class NewKeyDto {
  @ApiProperty({ example: 'AIS feed operations' })
  @IsString()
  @Length(1, 80)
  name!: string;

  @ApiProperty({
    type: [String],
    example: ['provider:AIS'],
    description: 'onde, ops.read, ops.act, or provider:<CODE>',
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsString({ each: true })
  scopes!: string[];
}

export class MadeKeyDto {
  @ApiProperty()
  keyId!: string;
  @ApiProperty({ description: 'Shown this once' })
  key!: string;
}

export class KeyDto {
  @ApiProperty()
  keyId!: string;
  @ApiProperty()
  name!: string;
  @ApiProperty({ type: [String] })
  scopes!: string[];
  @ApiProperty()
  createdAt!: Date;
  @ApiProperty()
  createdBy!: string;
  @ApiProperty({ type: Date, nullable: true })
  revokedAt!: Date | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  lastUsedOn!: string | null;
}

export class KeyListDto {
  @ApiProperty({ type: [KeyDto] })
  keys!: KeyDto[];
}

export class RevokedDto {
  @ApiProperty({ enum: ['revoked', 'was revoked'] })
  result!: string;
}
