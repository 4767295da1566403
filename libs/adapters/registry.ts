// All adapters of the process by provider code.
import type { AdapterRegistry, ProviderAdapter, ProviderCode, ProviderProfile } from '#contracts';
import { makeAdapter } from './make-adapter.js';
import type { AdapterOptions } from './options.js';

/** An `AdapterRegistry` that can be closed. */
export interface ClosableRegistry extends AdapterRegistry {
  close(): Promise<void>;
}

/** Makes an adapter per profile. Throws `ProfileNotValid`, or an `Error` when a code is there twice. */
export function makeAdapterRegistry(profiles: readonly ProviderProfile[], options: AdapterOptions): ClosableRegistry {
  const adapters = new Map<ProviderCode, ProviderAdapter>();
  for (const profile of profiles) {
    const adapter = makeAdapter(profile, options);
    if (adapters.has(adapter.profile.code))
      throw new Error(`There are two profiles for ${adapter.profile.code}; keep one.`);
    adapters.set(adapter.profile.code, adapter);
  }
  return {
    get(provider) {
      const adapter = adapters.get(provider);
      if (!adapter)
        throw new Error(`There is no provider "${provider}"; known are ${[...adapters.keys()].join(', ')}.`);
      return adapter;
    },
    codes: () => [...adapters.keys()],
    async close() {
      await Promise.all([...adapters.values()].map((adapter) => adapter.close()));
    },
  };
}
