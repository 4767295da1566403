// Which fault points are gone through where: every one on PostgreSQL's queues, those about queues on Redis as well.
import type { FaultPoint } from '#platform';
import { SCENARIOS } from './scenarios.js';

const ALL = Object.keys(SCENARIOS) as FaultPoint[];

/** From the file to the provider; the other half begins with its answer. Two files, so that they run side by side. */
const FIRST_HALF = /^(?:import|register|withdraw|whitelist|brake|dispatch)\./;
export const OUTWARD = ALL.filter((point) => FIRST_HALF.test(point));
export const INWARD = ALL.filter((point) => !FIRST_HALF.test(point));

/** Points that lie about the adding, taking and ending of a job. */
export const ABOUT_QUEUES: readonly FaultPoint[] = process.env['SAPHAN_LONG']
  ? ALL
  : [
      'import.received',
      'import.afterChunk',
      'import.ended',
      'register.written',
      'withdraw.written',
      'dispatch.leased',
      'dispatch.sealed',
      'dispatch.handedOver',
      'dispatch.recorded',
      'dispatch.attemptRecorded',
      'dispatch.cursorTaken',
      'files.answerTaken',
      'acknowledgement.recorded',
      'acknowledgement.answered',
      'destinations.published',
      'destinations.tookEffect',
      'destinations.recorded',
      'reconcile.wanted',
      'reconcile.recorded',
    ];
