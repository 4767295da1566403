// The worker as a process.
import { ConfigError, describeConfig, readConfig } from '#platform';
import { createWorker } from './create-worker.js';

try {
  const config = readConfig();
  process.stdout.write(`${describeConfig(config).join('\n')}\n`);
  await createWorker(config);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exit(1);
}
