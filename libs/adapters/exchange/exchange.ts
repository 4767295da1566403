// What an adapter asks of its way of exchanging batches; one implementation per transport and protocol.
import type { ProviderAdapter } from '#contracts';

export type BatchExchange = Pick<ProviderAdapter, 'handOver' | 'ask' | 'highestNumber' | 'close'>;
