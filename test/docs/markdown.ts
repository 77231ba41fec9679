/** The code blocks of a Markdown text in one language. */
export function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text as string,
  );
}

/** The words of each `task-janitor` in its shell blocks, without comments and redirections. */
export function commandsIn(markdown: string): string[] {
  return blocks(markdown, 'sh').flatMap((block) =>
    [...block.matchAll(/^task-janitor ([^#>\n]+)/gm)].map(([, words]) => (words as string).trim()),
  );
}
