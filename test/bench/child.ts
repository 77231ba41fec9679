/** One answer of a child process: what came of a request, or why nothing did. */
export type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** In a child process: answers each request of its parent, one after the other. */
export function answerParent<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  process.on('message', (request: Request) => {
    answer(request).then(
      (result) => process.send?.({ answer: result } satisfies Reply<Answer>),
      (error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.send?.({ error: text } satisfies Reply<Answer>);
      },
    );
  });
  // A parent that is gone wants no more answers.
  process.on('disconnect', () => process.exit());
}
