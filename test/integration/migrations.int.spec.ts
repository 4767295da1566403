// Migrations go up, down and up again; the entities of the code and the schema of the database agree.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DataSource } from 'typeorm';
import { INTAKE_ENTITIES } from '#intake';
import { dataSource, query } from '#platform';
import { emptyDatabase, type TestDatabase } from '../support/database.js';

describe('migrations', () => {
  let database: TestDatabase;
  let source: DataSource;
  before(async () => {
    database = await emptyDatabase();
    source = await dataSource(database.url, 2, [...INTAKE_ENTITIES]).initialize();
  });
  after(async () => {
    await source.destroy();
    await database.drop();
  });

  const shape = () =>
    query(
      source,
      `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name <> 'schema_migration' ORDER BY 1, 2`,
    );

  test('up, down, up: the same schema, and nothing left in between', async () => {
    await source.runMigrations();
    const first = await shape();
    assert.ok(first.length > 100);
    while ((await query(source, 'SELECT 1 FROM schema_migration')).length > 0) await source.undoLastMigration();
    assert.deepEqual(await shape(), []);
    const functions = await query(source, `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`);
    assert.deepEqual(functions, []);
    await source.runMigrations();
    assert.deepEqual(await shape(), first);
  });

  test('every entity column stands in its table, with the same type and nullability', async () => {
    assert.ok(source.entityMetadatas.length >= 5);
    for (const entity of source.entityMetadatas) {
      const columns = await query<{ name: string; type: string; nullable: boolean }>(
        source,
        `SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable
         FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
        [entity.tableName],
      );
      const byName = new Map(columns.map((column) => [column.name, column]));
      for (const column of entity.columns) {
        const real = byName.get(column.databaseName);
        assert.ok(real, `${entity.tableName}.${column.databaseName} is not in the schema`);
        assert.equal(
          source.driver.normalizeType(column),
          real.type,
          `${entity.tableName}.${column.databaseName}: type`,
        );
        assert.equal(column.isNullable, real.nullable, `${entity.tableName}.${column.databaseName}: null`);
      }
    }
  });
});
