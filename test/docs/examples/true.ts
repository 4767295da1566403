// The examples of docs/providers/true.md.
import { webhookExamples, type Examples } from '../webhook-examples.js';

export const EXAMPLES: Examples = webhookExamples('TRUE', 'callback');
