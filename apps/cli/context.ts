// What every command gets: the hub, the output, and the environment it was started in.
import type { Command } from 'commander';
import { findConnection, HubClient } from './hub-client.js';
import { languageOf } from './language.js';
import { Output } from './output.js';

export interface Context {
  env: NodeJS.ProcessEnv;
  cwd: string;
  output: Output;
  hub: HubClient;
}

export type ContextOf = (command: Command) => Context;

/** Made when the command line has been read, since `--json` stands there. */
export function contextOf(env: NodeJS.ProcessEnv, cwd: string): ContextOf {
  return (command) => {
    const language = languageOf(env);
    const { json } = command.optsWithGlobals<{ json?: boolean }>();
    return {
      env,
      cwd,
      output: new Output(language, json === true),
      hub: new HubClient(findConnection(env, cwd), language),
    };
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
