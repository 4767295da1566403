// A public body that registers its people.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'agency' })
export class Agency {
  @PrimaryColumn({ name: 'agency_id', type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' })
  agencyId!: number;

  @Column({ type: 'text', unique: true })
  code!: string;

  @Column({ name: 'name_th', type: 'text' })
  nameTh!: string;

  @Column({ name: 'name_en', type: 'text', nullable: true })
  nameEn!: string | null;

  @Column({ name: 'abbr_th', type: 'text', nullable: true })
  abbrTh!: string | null;

  @Column({ name: 'ministry_th', type: 'text', nullable: true })
  ministryTh!: string | null;

  @Column({ type: 'text' })
  category!: string;

  @Column({ name: 'actor_id', type: 'int' })
  actorId!: number;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
