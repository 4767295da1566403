// operations as a Nest module: what people and the API read, and the keys they come with.
import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyVerifier } from './api-keys.js';
import { Metrics } from './metrics.js';

@Global()
@Module({
  providers: [
    { provide: KeyVerifier, useFactory: (source: DataSource) => new KeyVerifier(source), inject: [DataSource] },
    { provide: Metrics, useFactory: () => new Metrics() },
  ],
  exports: [KeyVerifier, Metrics],
})
export class OperationsModule {}
