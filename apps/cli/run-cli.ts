// Reads the command line, runs one command, and turns every way it may end into an exit code.
import { Command, CommanderError } from 'commander';
import { brakeCommands } from './commands/brake.js';
import { conformanceCommand } from './commands/conformance.js';
import { destinationsCommands } from './commands/destinations.js';
import { doctorCommand } from './commands/doctor.js';
import { handOverCommands } from './commands/hand-over.js';
import { emergencyCommand } from './commands/emergency.js';
import { importCommand } from './commands/import.js';
import { keyCommands } from './commands/keys.js';
import { maintenanceCommands, releaseCommand } from './commands/maintenance.js';
import { migrateCommand } from './commands/migrate.js';
import { reconcileCommand } from './commands/reconcile.js';
import { rerouteCommands } from './commands/reroute.js';
import { replayCommand } from './commands/replay.js';
import { providerCommands } from './commands/provider.js';
import { sampleCommand } from './commands/sample.js';
import { setAsideCommands } from './commands/set-aside.js';
import { showCommand } from './commands/show.js';
import { statusCommand, valveCommands } from './commands/status.js';
import { syncCommand } from './commands/sync.js';
import { undeliveredCommand } from './commands/undelivered.js';
import { contextOf } from './context.js';
import { CliError, EXIT, ReportedFailure, type ExitCode } from './exit-codes.js';
import { languageOf } from './language.js';
import { Output } from './output.js';

const EPILOGUE = `
Where the hub is and the key come from SAPHAN_URL and SAPHAN_KEY, else from the file that "npm start" leaves in .saphan/.
Words are Thai when LANG begins with "th".

Exit codes: 0 done; 1 tried, and it did not succeed; 2 the command line cannot be understood; 3 the hub refused it;
4 the hub or its database cannot be reached.`;

function build(env: NodeJS.ProcessEnv, cwd: string): Command {
  const program = new Command('saphan')
    .description('Work@Home registrations to the providers’ whitelists')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  const of = contextOf(env, cwd);
  for (const add of [
    importCommand,
    syncCommand,
    statusCommand,
    showCommand,
    undeliveredCommand,
    valveCommands,
    releaseCommand,
    maintenanceCommands,
    reconcileCommand,
    emergencyCommand,
    replayCommand,
    brakeCommands,
    destinationsCommands,
    sampleCommand,
    migrateCommand,
    doctorCommand,
    conformanceCommand,
    keyCommands,
    providerCommands,
    handOverCommands,
    rerouteCommands,
    setAsideCommands,
  ])
    add(program, of);
  return program;
}

/** Never throws: whatever happens becomes words for the person and a code for the script. */
export async function runCli(args: string[], env: NodeJS.ProcessEnv, cwd: string): Promise<ExitCode> {
  const program = build(env, cwd);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const output = new Output(languageOf(env), args.includes('--json'));
    const exitCode = error instanceof CliError ? error.exitCode : EXIT.failed;
    if (error instanceof ReportedFailure && output.json) return exitCode;
    output.fail(
      error instanceof Error ? error.message : String(error),
      error instanceof CliError ? error.problem : undefined,
      exitCode,
    );
    return exitCode;
  }
}
