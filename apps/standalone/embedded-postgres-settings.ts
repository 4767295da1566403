// Server settings of the embedded PostgreSQL, each with its reason.
import os from 'node:os';

const megabyte = 1024 * 1024;

/** Memory this process may use, in bytes: a container's limit where there is one. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

/** Settings for a cluster that is kept, or thrown away with the test run. */
export function serverSettings(keeping: 'durable' | 'throwaway'): Record<string, string> {
  const shared = Math.round(Math.min(1024, Math.max(128, memoryLimit() / megabyte / 8)));
  return {
    listen_addresses: '127.0.0.1',
    // No socket file: its folder differs between systems, and its path has a length limit that temp folders exceed.
    unix_socket_directories: '',
    max_connections: keeping === 'durable' ? '100' : '200',
    shared_buffers: keeping === 'durable' ? `${shared}MB` : '128MB',
    work_mem: '32MB',
    maintenance_work_mem: '256MB',
    // A bulk load writes some GB of log; with the default of 1 GB it would be one checkpoint after another.
    max_wal_size: '4GB',
    min_wal_size: keeping === 'durable' ? '512MB' : '80MB',
    wal_buffers: '16MB',
    checkpoint_timeout: '15min',
    // Page images after a checkpoint are most of the log; this build has pglz only.
    wal_compression: 'pglz',
    // Compiling a plan costs more than our statements, which are short or set-wise, can win back.
    jit: 'off',
    random_page_cost: '1.1',
    // 3 million rows come in minutes: statistics and dead rows must follow within seconds, not at 20 % of a table.
    autovacuum_naptime: '10s',
    autovacuum_vacuum_scale_factor: '0.05',
    autovacuum_analyze_scale_factor: '0.02',
    autovacuum_vacuum_cost_limit: '2000',
    // A statement or the detail of an error can hold a phone number or circuit; neither may stand in a log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    timezone: 'UTC',
    ...(keeping === 'throwaway' && {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      autovacuum_naptime: '60s',
    }),
  };
}
