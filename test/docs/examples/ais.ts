// The examples of docs/providers/ais.md.
import { webhookExamples, type Examples } from '../webhook-examples.js';

export const EXAMPLES: Examples = webhookExamples('AIS', 'response');
