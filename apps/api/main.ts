// The API as a process.
import { ConfigError, describeConfig, readConfig } from '#platform';
import { createApi } from './create-api.js';

try {
  const config = readConfig();
  process.stdout.write(`${describeConfig(config).join('\n')}\n`);
  const api = await createApi(config);
  api.enableShutdownHooks();
  await api.listen(config.http.port, config.http.host);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exit(1);
}
