// The figures of a run as one table: what was measured, what is wanted (DESIGN.md section 12), and the ratio of the two.
import type { BulkFigures, FloorFigures } from './bulk.js';
import { CHANGES, type GrowthFigures } from './growth.js';
import type { LatencyFigures } from './latency.js';
import type { RestartFigures } from './restart.js';

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

export function rowsOf(figures: Figures): Row[] {
  return [...bulkRows(figures), ...latencyRows(figures), ...growthRows(figures), ...restartRows(figures)];
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
