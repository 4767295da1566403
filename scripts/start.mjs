// `npm start`: installs and builds what is needed, then runs the whole hub in this process (apps/standalone).
import { build } from './build.mjs';
import { ensure, fail } from './ensure.mjs';

await ensure();
if ((await build()) === 'errors') fail('Saphan was not started: its source has the type errors above.');
await import('../dist/apps/standalone/main.js');
