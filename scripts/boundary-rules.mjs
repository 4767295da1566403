// Who may import whom. Every rule carries its reason, and a violation that must be reported: boundaries.mjs proves it.

/** A resolved path is a source file or, through `#name` in package.json, the compiled door of a library. */
const lib = (inside) => `^(?:dist/)?libs/${inside}`;
const stations = '(?:intake|whitelist|destinations|dispatch|adapters|acknowledgement|reconciliation|operations)';
/**
 * Specs and what only they use. `model` is the random model that joins dispatch's rules with acknowledgement's merging;
 * a test may look inside a station and across stations, while nothing in production may import any of these.
 */
const tests = String.raw`(?:\.spec\.ts$|^(?:dist/)?test/|/(?:testing|model)/)`;

/** Door of a library in the canary's tree; each violation may use it. */
const door = (name) => ({ [`libs/${name}/index.ts`]: `export const ${name} = 1;\n` });

export const rules = [
  {
    name: 'no-station-imports-another',
    comment:
      'A station is understood and changed alone. What it needs of another is a port in contracts that the app wires.',
    from: { path: lib(`(${stations})/`), pathNot: tests },
    to: { path: lib(`${stations}/`), pathNot: lib('$1/') },
    violation: { ...door('whitelist'), 'libs/intake/index.ts': `import '#whitelist';\n` },
  },
  {
    name: 'dispatch-knows-no-concrete-adapter',
    comment: 'Dispatch must treat all providers alike: it knows the adapter port of contracts, never an adapter.',
    from: { path: lib('dispatch/') },
    to: { path: lib('adapters/') },
    violation: {
      'libs/adapters/ais.ts': 'export type Ais = 1;\n',
      'libs/dispatch/index.ts': `import type { Ais } from '../adapters/ais.js';\nexport const a: Ais = 1;\n`,
    },
  },
  {
    name: 'contracts-import-nothing-of-ours',
    comment: 'Everybody depends on contracts; if it depended on anybody, a change anywhere would reach everybody.',
    from: { path: lib('contracts/') },
    to: { path: [lib('(?!contracts/)'), '^(?:dist/)?(?:apps|migrations)/'] },
    violation: { ...door('platform'), 'libs/contracts/index.ts': `import '#platform';\n` },
  },
  {
    name: 'platform-imports-no-station',
    comment:
      'Platform is the ground (database, queues, configuration) that stations stand on, not the other way round.',
    from: { path: lib('platform/') },
    to: { path: lib(`${stations}/`) },
    violation: { ...door('dispatch'), 'libs/platform/index.ts': `import '#dispatch';\n` },
  },
  {
    name: 'libs-import-no-app',
    comment: 'Apps wire libraries together; a library that knew its app could not be wired otherwise.',
    from: { path: lib('') },
    to: { path: '^(?:dist/)?apps/' },
    violation: {
      'apps/api/main.ts': 'export const main = 1;\n',
      'libs/operations/index.ts': `import '../../apps/api/main.js';\n`,
    },
  },
  {
    name: 'only-the-door-is-imported',
    comment: 'What is not exported by index.ts may change at any time; a path into a library would break silently.',
    from: { path: '^([^/]+/[^/]+)/', pathNot: tests },
    to: { path: lib('[^/]+/.'), pathNot: ['^(?:dist/)?$1/', String.raw`^(?:dist/)?libs/[^/]+/index\.[jt]s$`] },
    violation: {
      'libs/whitelist/derive.ts': 'export const derive = 1;\n',
      'apps/worker/main.ts': `import '../../libs/whitelist/derive.js';\n`,
    },
  },
  {
    name: 'the-simulators-import-nothing-of-the-hub',
    comment: 'A simulated provider must be able to disagree with us: sharing code would share our mistakes.',
    from: { path: '^apps/provider-sim/', pathNot: tests },
    to: { path: ['^(?:dist/)?(?:libs|migrations|test)/', '^(?:dist/)?apps/(?!provider-sim/)'] },
    violation: { ...door('contracts'), 'apps/provider-sim/main.ts': `import '#contracts';\n` },
  },
  {
    name: 'an-app-imports-no-other-app',
    comment: 'Apps are deployed alone. Only standalone puts them together; modules they share lie directly in apps/.',
    from: { path: '^apps/([^/]+)/', pathNot: ['^apps/standalone/', tests] },
    to: { path: '^(?:dist/)?apps/[^/]+/', pathNot: '^(?:dist/)?apps/$1/' },
    violation: {
      'apps/worker/worker.ts': 'export const worker = 1;\n',
      'apps/api/main.ts': `import '../worker/worker.js';\n`,
    },
  },
  {
    name: 'migrations-import-nothing-of-ours',
    comment: 'A migration must do the same in ten years as today; code that it shares with us will have changed.',
    from: { path: '^migrations/', pathNot: tests },
    to: { path: '^(?:dist/)?(?:apps|libs|test)/' },
    violation: { ...door('contracts'), 'migrations/0001-first.ts': `import '#contracts';\n` },
  },
  {
    name: 'no-test-code-in-production',
    comment: 'Test support starts servers and drops databases; and it is not there where we are installed.',
    from: { path: '^(?:apps|libs|migrations)/', pathNot: tests },
    to: { path: tests },
    violation: {
      'test/support/database.ts': 'export const database = 1;\n',
      'libs/platform/store.ts': `import '../../test/support/database.js';\n`,
    },
  },
  {
    name: 'no-development-package-in-production',
    comment: 'A package under devDependencies is missing where only what is needed to run is installed.',
    from: { path: '^(?:apps|libs|migrations)/', pathNot: [tests, '^apps/console/'] },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'], pathNot: '/@types/' },
    violation: { 'libs/platform/guess.ts': `import fc from 'fast-check';\nexport default fc;\n` },
  },
  {
    name: 'no-circle',
    comment: 'Files that import each other in a circle can only be understood, loaded and tested all at once.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    violation: {
      'libs/dispatch/a.ts': `import { b } from './b.js';\nexport const a = () => b;\n`,
      'libs/dispatch/b.ts': `import { a } from './a.js';\nexport const b = () => a;\n`,
    },
  },
  {
    name: 'nothing-unresolved',
    comment: 'An import that the tool cannot follow is one that no other rule has looked at.',
    from: {},
    to: { couldNotResolve: true },
    violation: { 'libs/operations/lost.ts': `import './not-there.js';\n` },
  },
];
