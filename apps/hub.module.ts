// What api and worker share: the stations' ports, wired to one another.
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CurrentAppender, Deriver } from '#whitelist';
import { Recorder, WaitingReleaser } from '#acknowledgement';
import {
  AdaptersModule,
  LOOPBACK_NETWORKS,
  PRIVATE_NETWORKS,
  storedSubscription,
  type AdapterOptions,
  type AdaptersSetup,
} from '#adapters';
import { repeatOvertaken } from '#dispatch';
import {
  ALERTS,
  APPENDER,
  DERIVATION,
  OUTCOME_RECORDER,
  SET_ASIDE_BOOK,
  WAKE_UP,
  givesHandles,
  type Appender,
  type ProviderProfile,
  type WakeUp,
} from '#contracts';
import { AlertBook, SetAsideLog } from '#operations';
import { CONFIG, LOGGER, ProviderDirectory, SecretStore, SetupWatch, type Config, type Logger } from '#platform';

/** Profiles whose provider is told where the hub is: for order events, thin events and T8 reports. */
function needAddress(rows: readonly Pick<ProviderProfile, 'code' | 'format' | 'destinations'>[]): string[] {
  return rows
    .filter(({ format, destinations }) => format === 'tmf641' || format === 'thin' || destinations?.form === 't8')
    .map(({ code }) => code);
}

@Global()
@Module({})
export class HubModule {
  static forRoot(): DynamicModule {
    return {
      module: HubModule,
      imports: [
        AdaptersModule.forRootAsync({
          inject: [ProviderDirectory, SecretStore, CONFIG, LOGGER, DataSource, SetupWatch],
          useFactory: (
            directory: ProviderDirectory,
            secrets: SecretStore,
            config: Config,
            log: Logger,
            source: DataSource,
            setup: SetupWatch,
          ): AdaptersSetup => {
            const address = config.http.publicUrl;
            const missing = address === null ? needAddress(directory.all().map(({ profile }) => profile)) : [];
            if (missing.length > 0)
              log.warn({
                event: 'SAPHAN_PUBLIC_URL is not set',
                providers: missing,
                todo: 'write SAPHAN_PUBLIC_URL=https://<where providers reach this hub>, for the API and every worker; without it these providers are told no address for events, feeds and reports',
              });
            return {
              profiles: directory.all(),
              follow: (update) =>
                setup.follow(() => {
                  for (const [provider, reason] of update(directory.all()))
                    log.error({ event: 'profile cannot be used, the old one stays', provider, reason });
                }),
              options: {
                secrets,
                allowedNetworks:
                  config.targets.allowPrivate === 'yes' ? [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS] : [],
                hubAddress: () => config.http.publicUrl ?? undefined,
                callbackBase: () => config.http.publicUrl?.replace(/\/+$/, ''),
                subscriptions: (provider) => storedSubscription(source, provider),
                notice: ({ provider, kind, text, setAside }) => {
                  log.warn({ event: 'provider notice', provider, kind, text });
                  if (setAside) void new SetAsideLog(source, log).note(directory.byCode(provider).providerId, setAside);
                },
              } satisfies AdapterOptions,
            };
          },
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
        {
          provide: SET_ASIDE_BOOK,
          useFactory: (source: DataSource, log: Logger) => new SetAsideLog(source, log),
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
              (providerId) => {
                const { profile } = directory.byId(providerId);
                return { ...profile, givesHandles: givesHandles(profile) };
              },
              waiting,
              wakeUp,
              (providerId, number) => repeatOvertaken(source, appender, providerId, number),
            ),
          inject: [DataSource, ProviderDirectory, WaitingReleaser, WAKE_UP, APPENDER],
        },
      ],
      exports: [ALERTS, SET_ASIDE_BOOK, DERIVATION, APPENDER, OUTCOME_RECORDER, WaitingReleaser],
    };
  }
}
