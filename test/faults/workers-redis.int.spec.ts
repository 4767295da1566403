// Workers that are disturbed, queues in Redis.
import { disturbWorkers } from './worker-suite.js';

disturbWorkers('Redis');
