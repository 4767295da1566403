// Workers that are disturbed, queues in PostgreSQL.
import { disturbWorkers } from './worker-suite.js';

disturbWorkers('PostgreSQL');
