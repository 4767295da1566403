// SIGKILL at the steps about queues, queues in Redis; in long runs at all of them.
import { killAt } from './kill-suite.js';
import { ABOUT_QUEUES } from './point-sets.js';

killAt('Redis', ABOUT_QUEUES);
