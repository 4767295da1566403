// Why an operator does something: every act needs a sentence, and it is kept.
import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

export class ReasonDto {
  @ApiProperty({ example: 'the provider asked for a pause until 18:00', minLength: 3, maxLength: 500 })
  @IsString()
  @Length(3, 500)
  reason!: string;
}
