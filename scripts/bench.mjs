// `npm run bench -- [--lines N] [--only part,…] [--profile]`: measures the hub on this machine; see docs/performance.md.
import { build } from './build.mjs';
import { ensure, fail } from './ensure.mjs';

await ensure();
if ((await build()) === 'errors') fail('Nothing was measured: the source has the type errors above.');
await import('../dist/test/bench/main.js');
