// The worker as a process.
import { ConfigError, readConfig } from '#platform';
import { createWorker } from './create-worker.js';

try {
  await createWorker(readConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exit(1);
}
