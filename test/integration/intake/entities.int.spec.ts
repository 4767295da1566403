// The entities of intake say what the schema says: every column, its type, and whether it may be null.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTAKE_ENTITIES } from '#intake';
import { dataSource, query } from '#platform';
import { freshDatabase } from '../../support/database.js';

/** PostgreSQL's names for the types that entities write. */
const TYPES: Record<string, string> = { int: 'integer', timestamptz: 'timestamp with time zone' };

test('entities and schema agree', async () => {
  const database = await freshDatabase();
  const source = await dataSource(database.url, 2, INTAKE_ENTITIES).initialize();
  try {
    for (const { tableName, columns, primaryColumns } of source.entityMetadatas) {
      const stored = await query<{ column: string }>(
        source,
        `SELECT column_name || ' ' || data_type || ' ' || is_nullable AS column FROM information_schema.columns WHERE table_name = $1`,
        [tableName],
      );
      const declared = columns.map((column) => {
        const type = String(column.type);
        return `${column.databaseName} ${TYPES[type] ?? type} ${column.isNullable ? 'YES' : 'NO'}`;
      });
      assert.deepEqual(declared.sort(), stored.map((row) => row.column).sort(), tableName);
      const key = await query<{ column: string }>(
        source,
        `SELECT a.attname AS column FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
         WHERE i.indisprimary AND i.indrelid = to_regclass($1)`,
        [tableName],
      );
      assert.deepEqual(
        primaryColumns.map((column) => column.databaseName).sort(),
        key.map((row) => row.column).sort(),
        tableName,
      );
      // A read through TypeORM shows that the names are known to PostgreSQL, too.
      assert.deepEqual(await source.getRepository(tableName).find(), []);
    }
    assert.equal(source.entityMetadatas.length, INTAKE_ENTITIES.length);
  } finally {
    await source.destroy();
    await database.drop();
  }
});
