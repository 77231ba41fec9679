/** A fenced block of code. */
export interface Block {
  /** The word after its fence; empty where there is none. */
  readonly language: string;
  /** Without the indentation that it has in a list. */
  readonly text: string;
  /** The line of its fence, from 1. */
  readonly line: number;
}

const FENCED = /^( *)```([^\n`]*)\n([\s\S]*?)^\1```$/gm;

/** Every fenced block of a Markdown text. */
export function fencedBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(FENCED)].map(({ 1: indent, 2: language, 3: text, index }) => ({
    language: language as string,
    text: (text as string).replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** The code blocks of a Markdown text in one language. */
export function blocks(markdown: string, language: string): string[] {
  return fencedBlocks(markdown)
    .filter((block) => block.language === language)
    .map(({ text }) => text);
}

/** The text between backquotes in sentences and tables, each on one line. */
export function codeSpans(markdown: string): string[] {
  const prose = markdown.replaceAll(FENCED, '');
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) =>
    (code as string).replaceAll(/\s+/g, ' '),
  );
}

/** The words of each `task-janitor` in its shell blocks, without comments and redirections. */
export function commandsIn(markdown: string): string[] {
  return blocks(markdown, 'sh').flatMap((block) =>
    [...block.matchAll(/^task-janitor ([^#>\n]+)/gm)].map(([, words]) => (words as string).trim()),
  );
}
