// The examples of docs/providers/cat.md.
import { fileExamples } from '../file-examples.js';
import type { Examples } from '../webhook-examples.js';

export const EXAMPLES: Examples = fileExamples('CAT');
