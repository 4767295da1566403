// What a registration was before it was changed.
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity({ name: 'registration_history' })
@Index('registration_history_run', ['replacedByRun'], { where: '(replaced_by_run IS NOT NULL)' })
export class RegistrationHistory {
  @PrimaryColumn({ name: 'registration_id', type: 'uuid' })
  registrationId!: string;

  @PrimaryColumn({ type: 'int' })
  revision!: number;

  /** The whole row. */
  @Column({ type: 'jsonb' })
  before!: Record<string, unknown>;

  @Column({ name: 'replaced_by_run', type: 'int', nullable: true })
  replacedByRun!: number | null;

  @Column({ name: 'actor_id', type: 'int' })
  actorId!: number;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;
}
