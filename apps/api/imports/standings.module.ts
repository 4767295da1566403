// Tells intake how registrations stand with their providers, for the file that an agency gets back.
import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { STANDINGS, type Standing, type Standings } from '#intake';
import { standingsOf } from '#operations';

function standings(source: DataSource): Standings {
  return {
    async of(registrations) {
      const found = await standingsOf(source, registrations);
      return new Map(
        registrations.flatMap(({ registrationId, lineId, providerId }): [string, Standing][] => {
          const standing = found.get(`${lineId}/${providerId}`);
          return standing ? [[registrationId, standing]] : [];
        }),
      );
    },
  };
}

@Global()
@Module({ providers: [{ provide: STANDINGS, useFactory: standings, inject: [DataSource] }], exports: [STANDINGS] })
export class StandingsModule {}
