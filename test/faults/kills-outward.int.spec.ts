// SIGKILL at every step from the file to the provider, queues in PostgreSQL.
import { killAt } from './kill-suite.js';
import { OUTWARD } from './point-sets.js';

killAt('PostgreSQL', OUTWARD);
