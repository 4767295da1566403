// Nest module: provides the registry under ADAPTERS from profiles and options that the app gives.
import { Inject, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { ADAPTERS, type ProviderCode } from '#contracts';
import type { AdapterOptions } from './options.js';
import { makeAdapterRegistry, type ClosableRegistry, type VersionedProfile } from './registry.js';

/** What the app's factory returns. */
export interface AdaptersSetup {
  profiles: readonly VersionedProfile[];
  options: AdapterOptions;
  /** Given what brings the adapters up to date, which returns faults by code; to be called when profiles changed. */
  follow?: (update: (rows: readonly VersionedProfile[]) => Map<ProviderCode, string>) => void;
}

@Module({})
export class AdaptersModule implements OnApplicationShutdown {
  constructor(@Inject(ADAPTERS) private readonly registry: ClosableRegistry) {}

  /** Global, since dispatch, acknowledgement and the API all ask for ADAPTERS. The factory may be asynchronous. */
  static forRootAsync(setup: {
    imports?: DynamicModule['imports'];
    inject?: FactoryProvider['inject'];
    useFactory: (...dependencies: never[]) => AdaptersSetup | Promise<AdaptersSetup>;
  }): DynamicModule {
    return {
      module: AdaptersModule,
      global: true,
      imports: setup.imports ?? [],
      providers: [
        {
          provide: ADAPTERS,
          inject: setup.inject ?? [],
          useFactory: async (...dependencies: never[]) => {
            const { profiles, options, follow } = await setup.useFactory(...dependencies);
            const registry = makeAdapterRegistry(profiles, options);
            follow?.((rows) => registry.update(rows));
            return registry;
          },
        },
      ],
      exports: [ADAPTERS],
    };
  }

  /** Closes connections after everything that uses them has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.registry.close();
  }
}
