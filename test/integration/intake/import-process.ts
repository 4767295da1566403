// A worker's import as a process of its own, so that a spec can kill it: `node import-process.js <run>`.
import { ImportRunner } from '#intake';
import { createLogger, dataSource } from '#platform';
import { partsOf } from './intake-kit.js';

const { DATABASE_URL: url = '', SAPHAN_MASTER_KEY: masterKey = '' } = process.env;
const source = await dataSource(url, 4).initialize();
const runner = new ImportRunner(partsOf(source, masterKey), createLogger('silent'), { leaseS: 1 });
process.stdout.write(`${await runner.run(Number(process.argv[2]), new AbortController().signal)}\n`);
await source.destroy();
