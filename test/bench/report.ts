// The figures of a run as one table: what was measured, what is wanted (DESIGN.md section 12), and the ratio of the two.
import type { BulkFigures, FloorFigures } from './bulk.js';
import { CHANGES, type GrowthFigures } from './growth.js';
import type { LatencyFigures } from './latency.js';
import type { OutageFigures } from './outage.js';
import type { ReconcileFigures } from './reconcile.js';
import type { RecoveryFigures } from './recovery.js';
import type { RestartFigures } from './restart.js';
import type { SnapshotFigures } from './snapshot.js';

export interface Figures {
  at: string;
  machine: {
    cpus: number;
    model: string;
    memoryGb: number;
    node: string;
    loadBefore: number;
    loadAfter?: number;
    commitMs?: number;
  };
  lines: number;
  bulk?: BulkFigures;
  floor?: FloorFigures;
  latency?: LatencyFigures[];
  growth?: { few: GrowthFigures; many: GrowthFigures };
  reconcile?: ReconcileFigures;
  snapshot?: SnapshotFigures;
  outage?: OutageFigures;
  recovery?: RecoveryFigures;
  restart?: RestartFigures;
  /** Parts that could not be measured, with the reason. */
  failures: Record<string, string>;
}

interface Row {
  what: string;
  figure: string;
  target: string;
  /** Figure by target; at most 1 is as wanted. */
  ratio: string;
}

/** 3 million lines in 90 s. */
const LINES_PER_S = 3_000_000 / 90;
const FLOOR_TIMES = 2;
const WORKER_BYTES = 400 * 1024 ** 2;
const LIGHT = { p50: 20, p99: 60 };
const BUSY = { perS: 200, p95: 60 };
const GROWTH_RATIO = 1.3;
const RESTART_MS = 3000;
/** At 3 million entries. */
const EQUAL = { ms: 2000, bytes: 6000 };
const ONE_BYTES = 12_000;
/** The p95 of five providers while the sixth hangs, by the p95 without. */
const BESIDE = 1.1;

export function rowsOf(figures: Figures): Row[] {
  return [
    ...bulkRows(figures),
    ...latencyRows(figures),
    ...growthRows(figures),
    ...reconcileRows(figures),
    ...outageRows(figures),
    ...snapshotRows(figures),
    ...restartRows(figures),
  ];
}

function bulkRows({ bulk, floor }: Figures): Row[] {
  const rows: Row[] = [];
  if (bulk) {
    rows.push(
      {
        what: `${whole(bulk.lines)} lines, file to acknowledged by all six`,
        figure: seconds(bulk.acknowledgedMs),
        target: seconds((bulk.lines / LINES_PER_S) * 1000),
        ratio: times(LINES_PER_S / bulk.linesPerS),
      },
      {
        what: '  lines a second',
        figure: whole(bulk.linesPerS),
        target: whole(LINES_PER_S),
        ratio: times(LINES_PER_S / bulk.linesPerS),
      },
      { what: '  upload received', figure: seconds(bulk.uploadedMs), target: '', ratio: '' },
      { what: '  import finished', figure: seconds(bulk.importedMs), target: '', ratio: '' },
      {
        what: '  last acknowledged, after the import',
        figure: seconds(bulk.acknowledgedMs - bulk.importedMs),
        target: '',
        ratio: '',
      },
      {
        what: '  simulators hold / should hold',
        figure: `${whole(bulk.held)} / ${whole(bulk.wanted)}`,
        target: '',
        ratio: '',
      },
      {
        what: `  processor seconds (${Object.keys(bulk.cpu).join(', ')})`,
        figure: Object.values(bulk.cpu)
          .map((took) => (took === null ? '?' : took.toFixed(1)))
          .join(', '),
        target: '',
        ratio: '',
      },
      ...Object.entries(bulk.peaks).map(([name, bytes]) => ({
        what: `  peak memory of ${name}`,
        figure: bytes === null ? 'not told' : `${Math.round(bytes / 1024 ** 2)} MB`,
        target: name === 'worker' ? `${WORKER_BYTES / 1024 ** 2} MB` : '',
        ratio: name === 'worker' && bytes !== null ? times(bytes / WORKER_BYTES) : '',
      })),
    );
  }
  if (floor) {
    rows.push({
      what: `floor program, ${whole(floor.lines)} lines (COPY ${seconds(floor.copyMs)})`,
      figure: `${seconds(floor.totalMs)}, ${whole(floor.linesPerS)}/s`,
      target: '',
      ratio: '',
    });
  }
  if (bulk && floor) {
    const factor = floor.linesPerS / bulk.linesPerS;
    rows.push({
      what: 'hub by floor',
      figure: times(factor),
      target: times(FLOOR_TIMES),
      ratio: times(factor / FLOOR_TIMES),
    });
  }
  return rows;
}

function latencyRows({ latency = [] }: Figures): Row[] {
  return latency.flatMap((each): Row[] => {
    const what = `one registration to acknowledged at ${each.provider}, ${each.perS}/s`;
    const light = each.provider === 'AIS' && each.perS === 1;
    const busy = each.provider === 'AIS' && each.perS === BUSY.perS;
    const row = (name: string, value: number, target: number | null): Row => ({
      what: `${what}: ${name}`,
      figure: `${value.toFixed(1)} ms`,
      target: target === null ? '' : `${target} ms`,
      ratio: target === null ? '' : times(value / target),
    });
    const lost = each.sent - each.acknowledged;
    return [
      row('p50', each.p50, light ? LIGHT.p50 : null),
      row('p95', each.p95, busy ? BUSY.p95 : null),
      row('p99', each.p99, light ? LIGHT.p99 : null),
      {
        what: `  of it the API's answer: p50, p95${lost > 0 ? `; ${lost} without acknowledgement, ${each.failed} refused` : ''}`,
        figure: `${each.answerP50.toFixed(1)}, ${each.answerP95.toFixed(1)} ms`,
        target: '',
        ratio: '',
      },
    ];
  });
}

function growthRows({ growth }: Figures): Row[] {
  if (!growth) return [];
  const ratio = growth.many.medianMs / growth.few.medianMs;
  return [
    ...[growth.few, growth.many].map((each) => ({
      what: `${whole(CHANGES)} changes beside ${whole(each.entries)} entries`,
      figure: seconds(each.medianMs),
      target: '',
      ratio: '',
    })),
    { what: '  many by few', figure: times(ratio), target: times(GROWTH_RATIO), ratio: times(ratio / GROWTH_RATIO) },
  ];
}

function reconcileRows({ reconcile }: Figures): Row[] {
  if (!reconcile) return [];
  const { entries, firstMs, runs } = reconcile;
  return [
    {
      what: `${whole(entries)} entries hashed for the first comparison`,
      figure: seconds(firstMs),
      target: '',
      ratio: '',
    },
    ...runs.flatMap(({ differences, found, ms, bytes, roundTrips }): Row[] => {
      const most = differences === 0 ? EQUAL.bytes : differences === 1 ? ONE_BYTES : null;
      return [
        {
          what: `compared by digests, ${whole(differences)} differences (${whole(found)} found, ${roundTrips} round trips)`,
          figure: `${ms.toFixed(0)} ms`,
          target: differences === 0 ? `${EQUAL.ms} ms` : '',
          ratio: differences === 0 ? times(ms / EQUAL.ms) : '',
        },
        {
          what: '  bytes answered',
          figure: whole(bytes),
          target: most === null ? '' : whole(most),
          ratio: most === null ? '' : times(bytes / most),
        },
      ];
    }),
  ];
}

function outageRows({ outage, recovery }: Figures): Row[] {
  const rows: Row[] = [];
  if (outage) {
    const factor = outage.hung.p95 / outage.calm.p95;
    const ais = outage.hung.aisP95 / outage.calm.aisP95;
    rows.push(
      {
        what: `five providers while the sixth hangs for ${outage.hungS} s: p95 (without: ${outage.calm.p95.toFixed(0)} ms)`,
        figure: `${outage.hung.p95.toFixed(0)} ms, ${times(factor)}`,
        target: times(BESIDE),
        ratio: times(factor / BESIDE),
      },
      {
        what: `  AIS alone (without: ${outage.calm.aisP95.toFixed(0)} ms)`,
        figure: `${outage.hung.aisP95.toFixed(0)} ms, ${times(ais)}`,
        target: times(BESIDE),
        ratio: times(ais / BESIDE),
      },
      {
        what: `  ${whole(outage.waited)} lines that waited: return to the last outcome`,
        figure: seconds(outage.drainMs),
        target: '',
        ratio: '',
      },
      { what: '  most requests in a second after its return', figure: whole(outage.peakPerS), target: '', ratio: '' },
    );
  }
  if (recovery) {
    rows.push(
      {
        what: 'worker killed in an import: new process to its first attempt',
        figure: seconds(recovery.firstAttemptMs),
        target: '',
        ratio: '',
      },
      { what: '  to the next chunk imported', figure: seconds(recovery.firstChunkMs), target: '', ratio: '' },
    );
  }
  return rows;
}

/** 400 thousand lines a second in 256 MB, whatever the size. */
const WHOLE = { linesPerS: 400_000, bytes: 256 * 1024 ** 2 };

function snapshotRows({ snapshot }: Figures): Row[] {
  if (!snapshot) return [];
  const { entries } = snapshot;
  return snapshot.runs.flatMap(({ differences, found, ms, cpuMs, bytes, gzipBytes, peakBytes }) => [
    {
      what: `reconcile ${entries} by full list, ${differences} differ (found ${found})`,
      figure: `${seconds(ms)} (${seconds(cpuMs)} of processor), ${Math.round((entries / ms) * 1000)} lines/s, ${Math.round(bytes / 1e6)} MB (${Math.round(gzipBytes / 1e6)} MB gzipped)`,
      target: `${WHOLE.linesPerS} lines/s`,
      ratio: times(WHOLE.linesPerS / ((entries / ms) * 1000)),
    },
    {
      what: '  peak memory of the process',
      figure: `${Math.round(peakBytes / 1024 ** 2)} MB`,
      target: '256 MB',
      ratio: times(peakBytes / WHOLE.bytes),
    },
  ]);
}

function restartRows({ restart }: Figures): Row[] {
  if (!restart) return [];
  return [
    { what: 'npm start to ready, first time', figure: seconds(restart.firstMs), target: '', ratio: '' },
    {
      what: 'npm start to ready, second time',
      figure: seconds(restart.secondMs),
      target: seconds(RESTART_MS),
      ratio: times(restart.secondMs / RESTART_MS),
    },
  ];
}

export function formatTable(figures: Figures): string {
  const { machine } = figures;
  const rows: Row[] = [{ what: '', figure: 'measured', target: 'wanted', ratio: 'ratio' }, ...rowsOf(figures)];
  const width = (of: (row: Row) => string): number => Math.max(...rows.map((row) => of(row).length));
  const [what, figure, target, ratio] = [
    width((row) => row.what),
    width((row) => row.figure),
    width((row) => row.target),
    width((row) => row.ratio),
  ];
  const lines = rows.map(
    (row) =>
      `  ${row.what.padEnd(what)}  ${row.figure.padStart(figure)}  ${row.target.padStart(target)}  ${row.ratio.padStart(ratio)}`,
  );
  const load = `load average ${machine.loadBefore.toFixed(1)} before, ${(machine.loadAfter ?? Number.NaN).toFixed(1)} after`;
  return [
    `${machine.cpus} × ${machine.model}, ${machine.memoryGb} GB, Node ${machine.node}; ${load}; one durable commit ${machine.commitMs?.toFixed(1) ?? '?'} ms`,
    ...lines,
    ...Object.entries(figures.failures).map(([part, why]) => `  ${part} could not be measured: ${why}`),
  ].join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const times = (value: number): string => `${value.toFixed(2)}×`;
