// What api and worker share: the stations' ports, wired to one another.
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CurrentAppender, Deriver } from '#whitelist';
import { Recorder, WaitingReleaser } from '#acknowledgement';
import { AdaptersModule, LOOPBACK_NETWORKS, PRIVATE_NETWORKS, type AdapterOptions } from '#adapters';
import { repeatOvertaken } from '#dispatch';
import { ALERTS, APPENDER, DERIVATION, OUTCOME_RECORDER, WAKE_UP, type Appender, type WakeUp } from '#contracts';
import { AlertBook } from '#operations';
import { CONFIG, LOGGER, ProviderDirectory, SecretStore, type Config, type Logger } from '#platform';

@Global()
@Module({})
export class HubModule {
  static forRoot(): DynamicModule {
    return {
      module: HubModule,
      imports: [
        AdaptersModule.forRootAsync({
          inject: [ProviderDirectory, SecretStore, CONFIG, LOGGER],
          useFactory: (directory: ProviderDirectory, secrets: SecretStore, config: Config, log: Logger) => ({
            profiles: directory.all().map((row) => row.profile),
            options: {
              secrets,
              allowedNetworks: config.targets.allowPrivate === 'yes' ? [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS] : [],
              notice: ({ provider, kind, text }) => log.warn({ event: 'provider notice', provider, kind, text }),
            } satisfies AdapterOptions,
          }),
        }),
      ],
      providers: [
        {
          provide: DERIVATION,
          useFactory: (directory: ProviderDirectory) => new Deriver(() => directory.takesDates()),
          inject: [ProviderDirectory],
        },
        {
          provide: ALERTS,
          useFactory: (source: DataSource, log: Logger) => new AlertBook(source, log),
          inject: [DataSource, LOGGER],
        },
        { provide: APPENDER, useValue: new CurrentAppender() },
        {
          provide: WaitingReleaser,
          useFactory: (source: DataSource, appender: Appender) => new WaitingReleaser(source, appender),
          inject: [DataSource, APPENDER],
        },
        {
          provide: OUTCOME_RECORDER,
          useFactory: (
            source: DataSource,
            directory: ProviderDirectory,
            waiting: WaitingReleaser,
            wakeUp: WakeUp,
            appender: Appender,
          ) =>
            new Recorder(
              source,
              (providerId) => directory.byId(providerId).profile,
              waiting,
              wakeUp,
              (providerId, number) => repeatOvertaken(source, appender, providerId, number),
            ),
          inject: [DataSource, ProviderDirectory, WaitingReleaser, WAKE_UP, APPENDER],
        },
      ],
      exports: [ALERTS, DERIVATION, APPENDER, OUTCOME_RECORDER, WaitingReleaser],
    };
  }
}
