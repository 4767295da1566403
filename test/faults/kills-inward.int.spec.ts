// SIGKILL at every step from the answer on: files, outcomes, lists, comparisons, moves; queues in PostgreSQL.
import { killAt } from './kill-suite.js';
import { INWARD } from './point-sets.js';

killAt('PostgreSQL', INWARD);
