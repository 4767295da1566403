// Every migration in order; a new one is a new file, a landed one is never edited.
import { First1700000000000 } from './1700000000000-first.js';
import { Alerts1700000001000 } from './1700000001000-alerts.js';
import { Moves1700000011000 } from './1700000011000-moves.js';
import { Handles1700000012000 } from './1700000012000-handles.js';
import { ProviderSetup1700000015000 } from './1700000015000-provider-setup.js';
import { SetAside1700000016000 } from './1700000016000-set-aside.js';
import { Feed1700000014000 } from './1700000014000-feed.js';
import { Held1700000020000 } from './1700000020000-held.js';
import { Reconciliation1700000021000 } from './1700000021000-reconciliation.js';
import { Files1700000013000 } from './1700000013000-files.js';
import { Destinations1700000010000 } from './1700000010000-destinations.js';
import { Replay1700000022000 } from './1700000022000-replay.js';
import { EmergencyStop1700000023000 } from './1700000023000-emergency-stop.js';
import { Retention1700000024000 } from './1700000024000-retention.js';
import { RemovalBrake1700000027000 } from './1700000027000-removal-brake.js';
import { Snapshots1700000028000 } from './1700000028000-snapshots.js';
import { ProviderHealth1700000030000 } from './1700000030000-provider-health.js';
import { Prune1700000031000 } from './1700000031000-prune.js';
import { ReplayAsks1700000032000 } from './1700000032000-replay-asks.js';

export const MIGRATIONS = [
  First1700000000000,
  ProviderSetup1700000015000,
  Alerts1700000001000,
  Moves1700000011000,
  Handles1700000012000,
  SetAside1700000016000,
  Feed1700000014000,
  Held1700000020000,
  Reconciliation1700000021000,
  Replay1700000022000,
  EmergencyStop1700000023000,
  Retention1700000024000,
  Files1700000013000,
  Destinations1700000010000,
  RemovalBrake1700000027000,
  Snapshots1700000028000,
  ProviderHealth1700000030000,
  Prune1700000031000,
  ReplayAsks1700000032000,
];
