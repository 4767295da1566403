// The only door of reconciliation.
export { ReconciliationModule, ReconciliationWorkerModule } from './reconciliation.module.js';
export { queueRun, RECONCILE_QUEUE, type ReconcileJob } from './reconcile.processor.js';
export { wantReconciliation, type Means, type ReconcileResult } from './reconcile.js';
export { approveRepair, proposeRepair, withdrawRepair, type RepairPlan } from './repair.js';
export {
  groupDrift,
  listDrift,
  listPlans,
  listRuns,
  listSnapshots,
  type DriftGroup,
  type DriftRow,
  type RunRow,
  type SnapshotRow,
} from './view.js';
export type { DriftCause, DriftKind } from './judge-drift.js';
export { forgetRuns } from './retention.js';
