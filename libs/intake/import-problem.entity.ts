// Why a row of an import was rejected; never what it held.
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { KeptProblem } from './runs/run.js';

@Entity({ name: 'import_problem' })
export class ImportProblem {
  @PrimaryColumn({ name: 'run_id', type: 'int' })
  runId!: number;

  /** As the person counts. */
  @PrimaryColumn({ name: 'row_no', type: 'bigint' })
  rowNo!: number;

  @Column({ type: 'jsonb' })
  problems!: KeptProblem[];
}
