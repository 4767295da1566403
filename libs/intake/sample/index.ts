// The sample generator: what CLI, demo and bench use.
export { generateSample } from './generate.js';
export type { SampleOptions, SampleReport } from './generate.js';
export type { SampleEncoding } from './csv-out.js';
export type { DamageKind, Expectation } from './damage.js';
export type { CircuitFormat } from './circuit-formats.js';
