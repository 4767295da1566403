// The only door of reconciliation.
export { ReconciliationModule, ReconciliationWorkerModule } from './reconciliation.module.js';
export { queueRun, RECONCILE_QUEUE, type ReconcileJob } from './reconcile.processor.js';
export { wantReconciliation, type ReconcileResult } from './reconcile.js';
export { approveRepair, proposeRepair, withdrawRepair, type RepairPlan } from './repair.js';
export { groupDrift, listDrift, listPlans, listRuns, type DriftGroup, type DriftRow, type RunRow } from './view.js';
export type { DriftCause, DriftKind } from './judge-drift.js';
export { forgetRuns } from './retention.js';
