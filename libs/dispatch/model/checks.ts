// The properties of DESIGN section 9 as far as one provider shows them, checked while a run goes on and at its end.
import type { LineOutcome } from '#contracts';
import { must } from './fail.js';
import type { Provider } from './provider.js';
import type { Recorder } from './recorder.js';
import type { SealStep } from './sealing.js';
import type { HubState, ModelBatch } from './state.js';

/** At each sealing: numbers 1..n, and everything before stands in exactly one batch that is not refused. */
export function checkSealed(hub: HubState, batch: ModelBatch, what: SealStep): void {
  must(batch.number === hub.batches.length, () => `batch ${batch.number} is sealed as number ${hub.batches.length}`);
  if (what === 'sealHalf') return;
  if (what === 'sealEmpty') {
    const same = hub.batches.filter((other) => other !== batch && dayOf(other.sealedAt) === dayOf(batch.sealedAt));
    must(same.length === 0, () => `batch ${batch.number} proves life on a day that has ${same.length} batches`);
  }
  must(hub.refusedRanges.length === 0, () => `batch ${batch.number} is sealed before the halves of a refused one`);
  if (batch.kind === 'full') {
    const open = hub.batches.filter(
      (other) => other !== batch && ['sealed', 'handed', 'accepted'].includes(other.state),
    );
    must(
      open.length === 0,
      () => `full list ${batch.number} is sealed while ${open.map((each) => each.number).join()} are open`,
    );
  }
}

/** A day in Bangkok as a number. */
function dayOf(sealedAt: number): number {
  return Math.floor((sealedAt + 7 * 3_600_000) / 86_400_000);
}

/** When nothing is due, a day whose time for it has come has had a batch, if an empty one. */
export function checkProofOfLife(hub: HubState, due: boolean): void {
  if (!due) return;
  const today = dayOf(hub.clock());
  must(
    hub.batches.some((batch) => dayOf(batch.sealedAt) === today),
    () => `nothing at all was sent on a day that has its proof of life`,
  );
}

/** Every seq up to the sealed position stands in exactly one batch that is not refused, or a half left it out as superseded. */
export function checkRanges(hub: HubState): void {
  const home = new Map<number, number>();
  for (const batch of hub.batches) {
    if (batch.state === 'refused') continue;
    for (let seq = batch.fromSeq; seq <= batch.toSeq; seq++) {
      if (batch.skipped.includes(seq)) continue;
      must(!home.has(seq), () => `change ${seq} stands in batch ${home.get(seq)} and in batch ${batch.number}`);
      home.set(seq, batch.number);
    }
  }
  for (let seq = 1; seq <= hub.sealedSeq; seq++) {
    const superseded = hub.roles.get(seq)?.role === 'collapsed' && hub.log.entryOf(seq).latestSeq > seq;
    const waited = hub.roles.get(seq)?.role === 'omitted';
    const pending = hub.refusedRanges.some((range) => range.fromSeq <= seq && seq <= range.toSeq);
    must(home.has(seq) || superseded || waited || pending, () => `change ${seq} stands in no batch`);
  }
}

/** The counts of every batch are what its lines say, and add up to the lines sent; the parts add up to the range. */
export function checkCounts(hub: HubState): void {
  for (const batch of hub.batches) {
    const counted = { applied: 0, already: 0, rejected: 0, retryLater: 0, uncertain: 0, unknown: 0 };
    for (let n = 1; n <= batch.sent.lines.length; n++) counted[hub.resolution(batch, n).word]++;
    for (const [word, count] of Object.entries(counted)) {
      const kept = batch.counts[word as keyof typeof counted];
      must(kept === count, () => `batch ${batch.number}: ${kept} lines are counted ${word}, but ${count} are`);
    }
    if (batch.kind === 'full') continue;
    const parts = batch.sent.lines.length + batch.collapsed.length + batch.skipped.length + batch.omitted.length;
    must(
      parts === batch.toSeq - batch.fromSeq + 1,
      () => `batch ${batch.number}: its parts do not add up to its range`,
    );
  }
}

/** What a full list overruled is an exception no more. */
export function checkCovered(hub: HubState): void {
  for (const full of hub.batches.filter((batch) => batch.covers)) {
    for (const { seq, number, ended } of hub.exceptions.values()) {
      must(
        ended !== null || number >= full.number || seq > full.toSeq,
        () => `the exception of change ${seq} is open after full list ${full.number}`,
      );
    }
  }
}

/** What each line is taken for is what was heard of it in any order, by this second, plainer reckoning. */
export function checkMerging(hub: HubState, recorder: Recorder): void {
  for (const [key, words] of recorder.words) {
    const [number, n] = key.split('/').map(Number);
    const { word } = hub.resolution(hub.batch(number ?? 0), n ?? 0);
    const expected = meaningOf(words);
    must(
      word === expected,
      () => `line ${key} is taken for ${word}, but ${words.map((each) => each.outcome).join()} means ${expected}`,
    );
  }
}

function meaningOf(words: readonly LineOutcome[]): string {
  const said = new Set(words.map((each) => each.outcome));
  const there = said.has('applied') ? 'applied' : said.has('already') ? 'already' : null;
  if (there) return said.has('rejected') ? 'uncertain' : there;
  return said.has('rejected') ? 'rejected' : 'retryLater';
}

/** Acknowledged ≤ sent ≤ desired for every entry, and none of them ever falls. */
export class Watermarks {
  private readonly before = new Map<string, { acknowledged: number; sent: number; desired: number }>();

  check(hub: HubState): void {
    const now = new Map<string, { acknowledged: number; sent: number; desired: number }>();
    for (const { ref, latestSeq } of hub.log.entries.values())
      now.set(ref, { acknowledged: 0, sent: 0, desired: latestSeq });
    for (const batch of hub.batches) {
      for (const line of batch.sent.lines) {
        const marks = now.get(line.ref);
        if (!marks || !batch.everHanded) continue;
        marks.sent = Math.max(marks.sent, line.seq);
        const heard = batch.heard[line.n - 1];
        if (heard?.applied || heard?.already) marks.acknowledged = Math.max(marks.acknowledged, line.seq);
      }
    }
    for (const [ref, marks] of now) {
      must(marks.acknowledged <= marks.sent && marks.sent <= marks.desired, () => `${ref}: ${JSON.stringify(marks)}`);
      const old = this.before.get(ref);
      if (old) {
        must(
          old.acknowledged <= marks.acknowledged,
          () => `${ref}: acknowledged went back from ${old.acknowledged} to ${marks.acknowledged}`,
        );
        must(old.sent <= marks.sent, () => `${ref}: sent went back from ${old.sent} to ${marks.sent}`);
      }
      this.before.set(ref, marks);
    }
  }
}

export type Standing = 'applied' | 'rejected' | 'uncertain' | 'unsettled';

/** How an entry stands, derived from its latest change. */
export function standingOf(hub: HubState, ref: string): Standing {
  const seq = hub.log.entries.get(ref)?.latestSeq ?? 0;
  const exception = hub.exceptions.get(seq);
  if (exception && exception.ended === null) return exception.kind === 'retrying' ? 'unsettled' : exception.kind;
  const role = hub.roles.get(seq);
  if (!role || role.role === 'omitted' || role.role === 'collapsed') return 'unsettled';
  return hub.batch(role.number).state === 'settled' ? 'applied' : 'unsettled';
}

/** Nothing is left to do, and every provider's list is the desired one, but for what a named reason stands against. */
export function checkConverged(hub: HubState, provider: Provider): { rejected: number; uncertain: number } {
  const named = { rejected: 0, uncertain: 0 };
  for (const { ref, content, latestSeq } of hub.log.entries.values()) {
    const standing = standingOf(hub, ref);
    must(standing !== 'unsettled', () => `${ref}: change ${latestSeq} is left unsettled`);
    if (standing === 'applied') {
      must(
        provider.holds(ref) === content,
        () => `${ref}: the provider holds ${provider.holds(ref)}, desired and acknowledged is ${content}`,
      );
    } else {
      named[standing]++;
    }
  }
  for (const ref of provider.refsHeld()) must(hub.log.entries.has(ref), () => `${ref} is held and was never desired`);
  must(hub.log.superfluous === 0, () => `${hub.log.superfluous} changes were appended for superseded ones`);
  return named;
}
