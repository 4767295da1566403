// One line under one reference of one agency.
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RegistrationState } from './registration-row.js';

@Entity({ name: 'registration' })
@Index('registration_key', ['agencyId', 'reference', 'lineId'], { unique: true })
@Index('registration_line', ['lineId'])
export class Registration {
  @PrimaryColumn({ name: 'registration_id', type: 'uuid', default: () => 'uuidv7()' })
  registrationId!: string;

  @Column({ name: 'agency_id', type: 'int' })
  agencyId!: number;

  @Column({ type: 'text', collation: 'C' })
  reference!: string;

  @Column({ name: 'line_id', type: 'bigint' })
  lineId!: number;

  @Column({ name: 'provider_id', type: 'smallint' })
  providerId!: number;

  @Column({ type: 'text' })
  package!: string;

  @Column({ name: 'valid_from', type: 'date' })
  validFrom!: string;

  @Column({ name: 'valid_to', type: 'date', nullable: true })
  validTo!: string | null;

  /** Bits of the table `app`. */
  @Column({ type: 'int', default: 0 })
  apps!: number;

  @Column({ type: 'text' })
  state!: RegistrationState;

  @Column({ name: 'confirmed_at', type: 'timestamptz', nullable: true })
  confirmedAt!: Date | null;

  @Column({ name: 'confirmed_by', type: 'text', nullable: true })
  confirmedBy!: string | null;

  @Column({ name: 'document_ref', type: 'text', nullable: true })
  documentRef!: string | null;

  @Column({ name: 'name_cipher', type: 'bytea', nullable: true })
  nameCipher!: Buffer | null;

  @Column({ type: 'int', default: 1 })
  revision!: number;

  /** The import that wrote this revision. */
  @Column({ name: 'run_id', type: 'int', nullable: true })
  runId!: number | null;

  @Column({ name: 'row_no', type: 'bigint', nullable: true })
  rowNo!: number | null;

  @Column({ name: 'actor_id', type: 'int' })
  actorId!: number;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt!: Date;
}
