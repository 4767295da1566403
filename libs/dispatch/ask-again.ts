// Asks a provider once more about a batch that ended with lines nobody knows of; what it says is recorded like any answer.
import type { DataSource } from 'typeorm';
import type { AdapterRegistry, OutcomeRecorder, ProviderCode } from '#contracts';
import { readBatch } from './sealed-bytes.js';

interface AskParts {
  source: DataSource;
  adapters: AdapterRegistry;
  recorder: OutcomeRecorder;
}

/** `told`: its outcomes are in. `hasNot`: it never got the batch. `cannotTell`: as much is known as before. */
export type ToldAgain = 'told' | 'hasNot' | 'cannotTell';

/** Reads only at the provider, so it needs no lease. */
export async function askAgain(
  { source, adapters, recorder }: AskParts,
  provider: { providerId: number; code: ProviderCode },
  number: number,
  signal: AbortSignal,
): Promise<ToldAgain> {
  const adapter = adapters.get(provider.code);
  const batch = adapter.profile.canBeAsked ? await readBatch(source, provider.providerId, number) : null;
  if (!batch) return 'cannotTell';
  const result = await adapter.ask(batch, signal);
  if (result.answer === 'hasNot') return 'hasNot';
  if (result.answer !== 'has' || !result.outcomes) return 'cannotTell';
  // Outcomes of other bytes say nothing of these lines.
  if (result.sha256 !== null && result.sha256 !== batch.sha256) return 'cannotTell';
  await recorder.record(provider.providerId, number, result.outcomes);
  return 'told';
}
