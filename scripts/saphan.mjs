// `npm run saphan -- <command>`: the command line of the hub, built when needed. Same as `npx saphan` after a build.
import { build } from './build.mjs';
import { ensure, fail } from './ensure.mjs';

await ensure();
if ((await build()) === 'errors') fail('The command was not run: the source has the type errors above.');
await import('../dist/apps/cli/main.js');
