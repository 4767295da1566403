// Finds the fenced blocks of a Markdown document with what stands after their fence.

export interface FencedBlock {
  /** Line of the opening fence, from 1. */
  line: number;
  language: string;
  /** `name=value` pairs after the language. */
  labels: Record<string, string>;
  text: string;
}

export function fencedBlocks(markdown: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    // A block inside a list is indented; its lines are, too.
    const opening = /^( *)(`{3,})(.*)$/.exec(lines[i]!);
    if (!opening) continue;
    const [, indent = '', fence, info] = opening;
    const end = lines.findIndex((line, at) => at > i && line.trim() === fence);
    if (end < 0) throw new Error(`line ${i + 1}: the fence is never closed`);
    const [language = '', ...words] = info!.trim().split(/\s+/);
    const labels = Object.fromEntries(words.map((word) => word.split('=', 2) as [string, string]));
    const body = lines
      .slice(i + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()));
    blocks.push({ line: i + 1, language, labels, text: body.join('\n') });
    i = end;
  }
  return blocks;
}
