// Runs simulated providers: node dist/apps/provider-sim/main.js --providers AIS,TRUE --base-port 4100 --hub http://127.0.0.1:3000
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ProviderSettings, type Simulator, type SimulatorOptions, startSimulator } from './simulator.js';
import { PROVIDER_CODES, type ProviderCode } from './words.js';

const USAGE = `Simulated providers of the Work@Home feed, for this machine only.

  --providers A,B     any codes, e.g. ${PROVIDER_CODES.join(', ')} (these when absent); "style" in the settings for others
  --base-port N       provider i listens on N+2i, its control endpoint on N+2i+1; free ports when absent or 0
  --hub URL           base address of the hub, for callbacks (loopback only)
  --host ADDRESS      loopback address to bind, 127.0.0.1 when absent
  --data DIR          keeps books, keys and files there over restarts
  --settings FILE     JSON, by provider: style, dial, hubSecrets, ownSecret, sftpUser, sftpClientKeys
  --seed N            of everything random, 1 when absent
  --signatures WORD   official (default) or native (faster, for benchmarks)

Prints one line of JSON with the addresses when all are ready, and ends at SIGINT or SIGTERM.`;

function optionsFrom(argv: string[]): SimulatorOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: argv,
    options: {
      providers: text,
      'base-port': text,
      hub: text,
      host: text,
      data: text,
      settings: text,
      seed: text,
      signatures: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const whole = (name: 'base-port' | 'seed'): number | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    if (!/^\d+$/.test(given)) throw new Error(`--${name} must be a whole number`);
    return Number(given);
  };
  const signatures = values.signatures ?? 'official';
  if (signatures !== 'official' && signatures !== 'native') throw new Error('--signatures must be official or native');
  return {
    providers: values.providers === undefined ? undefined : providersFrom(values.providers),
    basePort: whole('base-port'),
    seed: whole('seed'),
    hub: values.hub,
    host: values.host,
    data: values.data,
    settings: values.settings === undefined ? undefined : settingsFrom(values.settings),
    signatureCheck: signatures,
  };
}

function providersFrom(text: string): ProviderCode[] {
  return text.split(',').map((one) => {
    const code = one.trim().toUpperCase();
    if (!/^[A-Z0-9]{2,8}$/.test(code))
      throw new Error(`"${one}" is no provider's code; write two to eight letters or digits`);
    return code;
  });
}

function settingsFrom(file: string): Partial<Record<ProviderCode, ProviderSettings>> {
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, ProviderSettings>;
  for (const code of Object.keys(settings)) providersFrom(code);
  return settings;
}

function announce(simulator: Simulator): void {
  const providers = Object.fromEntries(
    [...simulator.providers.values()].map((one) => [
      one.code,
      { style: one.style, ...one.address, control: one.control, secretsFile: one.secretsFile },
    ]),
  );
  process.stdout.write(`${JSON.stringify({ ready: true, providers })}\n`);
}

try {
  const simulator = await startSimulator(optionsFrom(process.argv.slice(2)));
  announce(simulator);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void simulator.stop().then(() => process.exit(0));
    });
  }
} catch (error) {
  process.stderr.write(`provider-sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
