// Sealing in the model: the next range, half of a refused batch, or a full list becomes a numbered batch.
import { must } from './fail.js';
import type { ModelChange } from './log.js';
import type { SentLine } from './messages.js';
import type { HubState, ModelBatch } from './state.js';

interface Chosen {
  lines: SentLine[];
  collapsed: number[];
  omitted: { seq: number; entryRef: string; waitsFor: number }[];
  /** Sealed ahead, in batches of their own. */
  skipped: number[];
}

/** The steps that seal something. */
export type SealStep = 'seal' | 'sealHalf' | 'sealFull' | 'sealEmpty';

/** Seals what comes next in the log. Null when all of it waits for earlier outcomes: a batch is never empty. */
export function sealNext(hub: HubState): ModelBatch | null {
  const ahead = sealAhead(hub);
  if (ahead) return ahead;
  const fromSeq = hub.sealedSeq + 1;
  for (let toSeq = hub.sealedSeq; toSeq < hub.log.lastSeq;) {
    toSeq = Math.min(hub.log.lastSeq, toSeq + hub.profile.maxLines);
    const chosen = choose(hub, fromSeq, toSeq, () => false);
    if (chosen.lines.length === 0) continue;
    const batch = add(hub, 'delta', fromSeq, toSeq, chosen, null);
    moveOn(hub, toSeq);
    return batch;
  }
  return null;
}

/** Seals a change that somebody wants to go now, when nothing of its entry can be overtaken. */
function sealAhead(hub: HubState): ModelBatch | null {
  for (const seq of hub.pushed) {
    const { prevSeq, entryRef } = hub.log.change(seq);
    const { latestSeq } = hub.log.entryOf(seq);
    const fate = hub.rules.pushFate(
      { seq, prevSeq, latestSeq },
      hub.sealedSeq,
      hub.ahead,
      (before) => hub.awaited(before),
      hub.profile.appliesInOrder,
    );
    if (fate !== 'notYet') hub.pushed.delete(seq);
    if (fate !== 'ahead') continue;
    const lines = [{ n: 1, ref: entryRef, seq, content: hub.log.change(seq).content }];
    const batch = add(hub, 'delta', seq, seq, { lines, collapsed: [], omitted: [], skipped: [] }, null);
    hub.ahead.push(seq);
    moveOn(hub, hub.sealedSeq);
    return batch;
  }
  return null;
}

/** The sealed position, and past what follows it and was sealed ahead. */
function moveOn(hub: HubState, toSeq: number): void {
  hub.sealedSeq = toSeq;
  while (hub.ahead.includes(hub.sealedSeq + 1)) hub.sealedSeq++;
  hub.ahead = hub.ahead.filter((seq) => seq > hub.sealedSeq);
}

/** Seals the lowest range of refused batches that no half has taken up. Null when nothing of it has to travel any more. */
export function sealHalf(hub: HubState): ModelBatch | null {
  hub.refusedRanges.sort((a, b) => a.fromSeq - b.fromSeq);
  const range = hub.refusedRanges.shift();
  if (!range) return null;
  const { fromSeq, toSeq } = range;
  const chosen = choose(hub, fromSeq, toSeq, (seq) => hub.log.entryOf(seq).latestSeq > toSeq);
  if (chosen.lines.length > 0) return add(hub, 'delta', fromSeq, toSeq, chosen, range.root);
  note(hub, chosen);
  return null;
}

/** Seals the day's proof of life: no lines, an empty range, the next number. */
export function sealEmpty(hub: HubState): ModelBatch {
  const nothing = { lines: [], collapsed: [], omitted: [], skipped: [] };
  return add(hub, 'delta', hub.sealedSeq + 1, hub.sealedSeq, nothing, null);
}

/** Seals everything that should be there, as of the end of the log. */
export function sealFull(hub: HubState): ModelBatch {
  const fromSeq = hub.sealedSeq + 1;
  const toSeq = hub.log.lastSeq;
  const lines = [...hub.log.entries.values()]
    .filter((entry) => entry.content !== null)
    .map((entry, i) => ({ n: i + 1, ref: entry.ref, seq: entry.latestSeq, content: entry.content }));
  hub.fullListWanted = false;
  const batch = add(hub, 'full', fromSeq, toSeq, { lines, collapsed: [], omitted: [], skipped: [...hub.ahead] }, null);
  for (let seq = fromSeq; seq <= toSeq; seq++) {
    if (hub.roles.get(seq)?.role !== 'line') hub.roles.set(seq, { role: 'absent', number: batch.number });
  }
  if (hub.rules.fullListMovesPosition) moveOn(hub, toSeq);
  return batch;
}

function choose(hub: HubState, fromSeq: number, toSeq: number, superseded: (seq: number) => boolean): Chosen {
  const changes: ModelChange[] = [];
  const skipped: number[] = [];
  for (let seq = fromSeq; seq <= toSeq; seq++) {
    if (hasHome(hub, seq)) skipped.push(seq);
    else changes.push(hub.log.change(seq));
  }
  const selection = hub.rules.selectLines(changes, (seq) => hub.awaited(seq), hub.profile.appliesInOrder, superseded);
  const lines = selection.lines.map(({ entryRef, seq, content }, i) => ({ n: i + 1, ref: entryRef, seq, content }));
  return { lines, collapsed: selection.collapsed, omitted: selection.omitted, skipped };
}

/** Whether a change travels already, in a batch that is not refused. */
function hasHome(hub: HubState, seq: number): boolean {
  const role = hub.roles.get(seq);
  return role?.role === 'line' && hub.batch(role.number).state !== 'refused';
}

function add(
  hub: HubState,
  kind: ModelBatch['kind'],
  fromSeq: number,
  toSeq: number,
  chosen: Chosen,
  root: number | null,
): ModelBatch {
  const number = hub.batches.length + 1;
  const { lines } = chosen;
  must(lines.length <= hub.profile.maxLines || kind === 'full', () => `batch ${number} has ${lines.length} lines`);
  const bytes = JSON.stringify([number, kind, fromSeq, toSeq, lines]);
  const batch: ModelBatch = {
    number,
    kind,
    fromSeq,
    toSeq,
    collapsed: chosen.collapsed,
    skipped: chosen.skipped,
    omitted: chosen.omitted.map((omission) => omission.seq),
    sent: { number, kind, toSeq, lines, bytes },
    state: 'handed',
    sealedAt: hub.clock(),
    since: 0,
    asked: 0,
    everHanded: true,
    answered: false,
    covers: false,
    suspect: false,
    heard: lines.map(() => ({})),
    givenUp: lines.map(() => false),
    counts: { applied: 0, already: 0, rejected: 0, retryLater: 0, uncertain: 0, unknown: lines.length },
    root: root ?? number,
  };
  hub.batches.push(batch);
  for (const line of lines)
    if (kind === 'delta' || line.seq >= fromSeq) hub.roles.set(line.seq, { role: 'line', number, n: line.n });
  note(hub, chosen);
  return batch;
}

/** Notes what does not travel, and what it waits for. */
function note(hub: HubState, chosen: Chosen): void {
  for (const seq of chosen.collapsed) hub.roles.set(seq, { role: 'collapsed' });
  for (const { seq, entryRef, waitsFor } of chosen.omitted) {
    hub.roles.set(seq, { role: 'omitted' });
    hub.omissions.set(seq, { seq, ref: entryRef, waitsFor, ended: false });
  }
}
