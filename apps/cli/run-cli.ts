// Reads the command line, runs one command, and turns every way it may end into an exit code.
import { Command, CommanderError } from 'commander';
import { doctorCommand } from './commands/doctor.js';
import { importCommand } from './commands/import.js';
import { keyCommands } from './commands/keys.js';
import { migrateCommand } from './commands/migrate.js';
import { sampleCommand } from './commands/sample.js';
import { showCommand } from './commands/show.js';
import { statusCommand, valveCommands } from './commands/status.js';
import { syncCommand } from './commands/sync.js';
import { contextOf } from './context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
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
    valveCommands,
    sampleCommand,
    migrateCommand,
    doctorCommand,
    keyCommands,
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
    output.fail(
      error instanceof Error ? error.message : String(error),
      error instanceof CliError ? error.problem : undefined,
      exitCode,
    );
    return exitCode;
  }
}
