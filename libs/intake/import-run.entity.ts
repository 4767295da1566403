// One import from upload to end; see runs/run.ts for its states and counts.
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RunCounts, RunMode, RunSource, RunState } from './runs/run.js';

@Entity({ name: 'import_run' })
export class ImportRun {
  @PrimaryColumn({ name: 'run_id', type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' })
  runId!: number;

  @Column({ type: 'text' })
  mode!: RunMode;

  @Column({ type: 'text' })
  source!: RunSource;

  @Column({ name: 'agency_id', type: 'int', nullable: true })
  agencyId!: number | null;

  @Column({ name: 'dry_run', type: 'boolean', default: false })
  dryRun!: boolean;

  @Column({ type: 'text' })
  state!: RunState;

  @Column({ name: 'stop_asked', type: 'boolean', default: false })
  stopAsked!: boolean;

  @Column({ name: 'file_sha256', type: 'bytea', nullable: true })
  fileSha256!: Buffer | null;

  @Column({ name: 'file_size', type: 'bigint', nullable: true })
  fileSize!: number | null;

  @Column({ type: 'jsonb', nullable: true })
  understood!: Record<string, unknown> | null;

  @Column({ name: 'rows_done', type: 'bigint', default: 0 })
  rowsDone!: number;

  @Column({ type: 'jsonb', default: {} })
  counts!: Partial<RunCounts>;

  @Column({ type: 'jsonb', nullable: true })
  failure!: Record<string, unknown> | null;

  @Column({ name: 'lease_owner', type: 'text', nullable: true })
  leaseOwner!: string | null;

  @Column({ name: 'lease_until', type: 'timestamptz', nullable: true })
  leaseUntil!: Date | null;

  @Column({ name: 'actor_id', type: 'int' })
  actorId!: number;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'started_at', type: 'timestamptz', nullable: true })
  startedAt!: Date | null;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
