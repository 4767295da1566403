// One mobile number or fixed circuit, whoever registered it.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'line' })
export class Line {
  @PrimaryColumn({ name: 'line_id', type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' })
  lineId!: number;

  /** `M:66…` or `F:<provider>:<circuit>`. */
  @Column({ name: 'line_key', type: 'text', collation: 'C', unique: true })
  lineKey!: string;

  /** The person asked out then; only a newer confirmation counts. */
  @Column({ name: 'withdrawn_at', type: 'timestamptz', nullable: true })
  withdrawnAt!: Date | null;
}
