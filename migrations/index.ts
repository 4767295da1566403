// Every migration in order; a new one is a new file, a landed one is never edited.
import { First1700000000000 } from './1700000000000-first.js';
import { Alerts1700000001000 } from './1700000001000-alerts.js';

export const MIGRATIONS = [First1700000000000, Alerts1700000001000];
