// All adapters of the process by provider code; one is replaced when its profile changes, after what it is doing has ended.
import type { AdapterRegistry, ProviderAdapter, ProviderCode, ProviderProfile } from '#contracts';
import { makeAdapter } from './make-adapter.js';
import type { AdapterOptions } from './options.js';

/** A profile as it stands in the directory. */
export interface VersionedProfile {
  profile: ProviderProfile;
  version: number;
}

/** An `AdapterRegistry` that follows the profiles and can be closed. */
export interface ClosableRegistry extends AdapterRegistry {
  /**
   * Makes adapters for profiles that are new or have another version. One that cannot be made leaves the old one in use;
   * its fault is returned, by code.
   */
  update(rows: readonly VersionedProfile[]): Map<ProviderCode, string>;
  close(): Promise<void>;
}

interface Held {
  adapter: ProviderAdapter;
  version: number;
  retire(): Promise<void>;
}

/** Makes an adapter per profile. Throws `ProfileNotValid`, or an `Error` when a code is there twice. */
export function makeAdapterRegistry(
  profiles: readonly (ProviderProfile | VersionedProfile)[],
  options: AdapterOptions,
): ClosableRegistry {
  const held = new Map<ProviderCode, Held>();
  for (const one of profiles) {
    const { profile, version } = 'profile' in one ? one : { profile: one, version: 1 };
    const made = hold(makeAdapter(profile, options), version);
    if (held.has(profile.code)) throw new Error(`There are two profiles for ${profile.code}; keep one.`);
    held.set(profile.code, made);
  }
  return {
    get(provider) {
      const found = held.get(provider);
      if (!found) throw new Error(`There is no provider "${provider}"; known are ${[...held.keys()].join(', ')}.`);
      return found.adapter;
    },
    codes: () => [...held.keys()],
    version: (provider) => held.get(provider)?.version ?? 0,
    update(rows) {
      const faults = new Map<ProviderCode, string>();
      for (const { profile, version } of rows) {
        const old = held.get(profile.code);
        if (old?.version === version) continue;
        try {
          held.set(profile.code, hold(makeAdapter(profile, options), version));
        } catch (error) {
          faults.set(profile.code, (error as Error).message);
          continue;
        }
        void old?.retire();
      }
      return faults;
    },
    async close() {
      await Promise.all([...held.values()].map(({ adapter }) => adapter.close()));
    },
  };
}

/** Counts the calls under way, so that a retired adapter is closed when the last one has ended and not under it. */
function hold(adapter: ProviderAdapter, version: number): Held {
  let running = 0;
  let retired = false;
  const close = (): Promise<void> => adapter.close().catch(() => undefined);
  const counted = { ...adapter } as Record<string, unknown>;
  for (const [name, member] of Object.entries(adapter)) {
    if (typeof member !== 'function' || name === 'close') continue;
    counted[name] = (...given: unknown[]): unknown => {
      const result: unknown = Reflect.apply(member, adapter, given);
      if (!(result instanceof Promise)) return result;
      running += 1;
      return result.finally(() => {
        running -= 1;
        if (retired && running === 0) void close();
      });
    };
  }
  return {
    adapter: counted as unknown as ProviderAdapter,
    version,
    async retire() {
      retired = true;
      if (running === 0) await close();
    },
  };
}
