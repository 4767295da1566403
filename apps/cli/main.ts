#!/usr/bin/env node
// The command line of the hub.
import { runCli } from './run-cli.js';

process.exitCode = await runCli(process.argv.slice(2), process.env, process.cwd());
