// The tables of intake as TypeORM knows them: for reads, and for the test that entities and schema agree.
import { Agency } from './agency.entity.js';
import { ImportFile } from './import-file.entity.js';
import { ImportProblem } from './import-problem.entity.js';
import { ImportRun } from './import-run.entity.js';
import { Line } from './line.entity.js';
import { RegistrationHistory } from './registration-history.entity.js';
import { Registration } from './registration.entity.js';
import { Suppression } from './suppression.entity.js';

export const INTAKE_ENTITIES = [
  Agency,
  Line,
  Registration,
  RegistrationHistory,
  Suppression,
  ImportRun,
  ImportFile,
  ImportProblem,
];
