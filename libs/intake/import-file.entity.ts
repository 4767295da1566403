// A piece of an import's original, encrypted; erased after its retention.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'import_file' })
export class ImportFile {
  @PrimaryColumn({ name: 'run_id', type: 'int' })
  runId!: number;

  @PrimaryColumn({ type: 'int' })
  piece!: number;

  @Column({ type: 'bytea' })
  ciphertext!: Buffer;
}
