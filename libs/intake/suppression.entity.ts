// A withdrawal that outlives the line: a keyed hash, never the number.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'suppression' })
export class Suppression {
  @PrimaryColumn({ name: 'line_hash', type: 'bytea' })
  lineHash!: Buffer;

  @Column({ name: 'withdrawn_at', type: 'timestamptz' })
  withdrawnAt!: Date;

  @Column({ name: 'actor_id', type: 'int' })
  actorId!: number;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
