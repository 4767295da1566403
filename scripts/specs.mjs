// Runs compiled specs, each file in a process of its own, two at a time, and tells what failed with all details.
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonToSkip } from './allowed-skips.mjs';
import { root } from './ensure.mjs';

const isIntegration = (file) => file.endsWith('.int.spec.js');
const isJourney = (file) => file.startsWith(path.join('dist', 'test', 'journey'));
const isFaults = (file) => file.startsWith(path.join('dist', 'test', 'faults'));

/** The kinds of specs: which compiled files belong to each. */
const kinds = {
  unit: (file) => !isJourney(file) && !isFaults(file) && !isIntegration(file),
  integration: (file) => !isJourney(file) && !isFaults(file) && isIntegration(file),
  faults: isFaults,
  journey: isJourney,
};

/** Compiled spec files of a kind whose path holds one of `filters` (all, without filters), relative to the project. */
export function findSpecs(kind, filters) {
  const files = globSync('dist/{apps,libs,migrations,test}/**/*.spec.js', { cwd: root }).sort();
  return files.filter(
    (file) => kinds[kind](file) && (filters.length === 0 || filters.some((part) => file.includes(part))),
  );
}

/**
 * Runs the files; prints a line for each and, below it, what failed. Returns `{ passed, failed, skipped }` in tests.
 * A file that holds no test fails, and so does one that does not end: something in it was left open.
 */
export async function runSpecs(files, { concurrency = 2, limitMs }) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { counts, text } = await runSpec(file, limitMs);
      for (const word of Object.keys(total)) total[word] += counts[word];
      process.stdout.write(text);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return total;
}

async function runSpec(file, limitMs) {
  const started = performance.now();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'saphan-spec-'));
  const { output, end } = await runProcess(file, path.join(folder, 'events'), limitMs);
  const judged = judge(readEvents(path.join(folder, 'events')), end);
  rmSync(folder, { recursive: true, force: true });
  const { passed, failed, skipped } = judged.counts;
  const words = [`${passed} passed`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped`].filter(
    Boolean,
  );
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const lines = [
    `  ${failed > 0 ? '✖' : '✔'} ${file.replace(/^dist./, '')}: ${words.join(', ')} (${time})`,
    ...judged.notes,
  ];
  if (failed > 0 && output !== '') lines.push(indent(`It printed:\n${output.trimEnd()}`));
  return { counts: judged.counts, text: `${lines.join('\n')}\n` };
}

/** Runs one file to its end or its limit. `end` says in words how it ended, or '' when all was well. */
function runProcess(file, events, limitMs) {
  const reporter = pathToFileURL(path.join(root, 'scripts', 'spec-reporter.mjs')).href;
  const flags = [`--test-reporter=${reporter}`, `--test-reporter-destination=${events}`, '--enable-source-maps'];
  const child = spawn(process.execPath, [...flags, file], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-200_000)));
  }
  let end = '';
  const timer = setTimeout(() => {
    end = `It was still running after ${limitMs / 1000} s: a test hangs, or something it opened was not closed.`;
    child.kill('SIGKILL');
  }, limitMs);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (end === '' && code !== 0) end = signal ? `It was ended by ${signal}.` : `It ended with exit code ${code}.`;
      resolve({ output, end });
    });
  });
}

function readEvents(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  // The last line is cut off when the process was killed while writing it.
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}

function judge(events, end) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const notes = [];
  const open = new Map();
  for (const event of events) {
    const key = `${event.nesting} ${event.name}`;
    if (event.type === 'test:dequeue') {
      open.set(key, event);
      continue;
    }
    open.delete(key);
    const word = judgeOne(event, (note) => notes.push(note));
    if (word !== 'none') counts[word] += 1;
  }
  const all = counts.passed + counts.failed + counts.skipped;
  // The exit code repeats the failures counted here; alone it means a crash.
  const problem = counts.failed > 0 && end.startsWith('It ended with exit code') ? '' : end;
  const still = [...open.values()].map(({ name }) => `"${name}"`).join(', ');
  if (problem !== '' || all === 0) {
    counts.failed += 1;
    notes.push(indent(`✖ ${problem || 'It holds no test.'}${still && ` Not ended: ${still}.`}`));
  }
  return { counts, notes };
}

/** What one ended test counts as; a suite counts only when it failed by itself, as in a hook. */
function judgeOne(event, note) {
  const { name, line, skip, todo, error, isSuite, isEcho } = event;
  const given = [skip, todo].find((value) => typeof value === 'string') ?? 'no reason given';
  if (skip !== undefined || todo !== undefined) {
    if (process.env.CI && reasonToSkip(name) === undefined) {
      note(indent(`✖ ${name}\n  skipped (${given}): CI has all that is needed, see scripts/allowed-skips.mjs`));
      return 'failed';
    }
    note(indent(`- skipped: ${name}: ${given}`));
    return 'skipped';
  }
  if (event.type === 'test:fail') {
    if (isEcho) return 'none';
    note(indent(`✖ ${name} (line ${line})\n${indent(error ?? 'failed')}`));
    return 'failed';
  }
  return isSuite ? 'none' : 'passed';
}

const indent = (text) => text.replaceAll(/^/gm, '    ');
