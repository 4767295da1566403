// Reporter for Node's test runner: one JSON line for each event that matters, read by specs.mjs.
import { inspect } from 'node:util';

/** Turns the runner's events into lines; errors become text here, where their details still are. */
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:dequeue' && type !== 'test:pass' && type !== 'test:fail') continue;
    const { name, nesting, line, file, skip, todo, details } = data;
    const error = details?.error;
    const outcome = {
      isSuite: details?.type === 'suite',
      // A suite or test whose only fault is a failed test inside it: that one is told already.
      isEcho: error?.failureType === 'subtestsFailed',
      error: error && inspect(error.cause ?? error, { depth: 6 }),
    };
    yield `${JSON.stringify({ type, name, nesting, line, file, skip, todo, ...outcome })}\n`;
  }
}
