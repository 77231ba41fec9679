import type { RecordError, Summary } from '../../model/summary.ts';
import { number } from './counts.ts';
import { type Markup, markup } from './markup.ts';

/** What went wrong, with the messages; nothing where nothing did. */
export function failuresSection(summary: Summary): Markup {
  const entries = summary.targets.flatMap(({ name, error, outcome, instances }) => [
    ...(error
      ? [
          markup`<li><b>${name}</b>: the target is ${outcome}: ${error.message} <code>${error.code}</code></li>`,
        ]
      : []),
    ...instances.flatMap((instance) => {
      const where = `${name} / ${instance.name || instance.id}`;
      return [
        ...instance.errors.map((error) => entry(where, error)),
        ...(instance.errorsOmitted > 0
          ? [markup`<li><b>${where}</b>: and ${number(instance.errorsOmitted)} more</li>`]
          : []),
      ];
    }),
  ]);
  return entries.length === 0
    ? markup``
    : markup`<section id="failures"><h2>Failures</h2><ul class="failures">${entries}</ul></section>`;
}

function entry(where: string, { taskId, message, status, code, attempts }: RecordError): Markup {
  const details = [
    status === undefined ? '' : `HTTP ${status}`,
    code ?? '',
    attempts === undefined ? '' : `attempts: ${attempts}`,
  ].filter(Boolean);
  return markup`<li><b>${where}</b>: ${taskId === undefined ? undefined : markup`task <code>${taskId}</code>: `}${message}${details.length > 0 ? markup` <span class="details">(${details.join(', ')})</span>` : undefined}</li>`;
}

/** What deserves a look although nothing failed; nothing where there is none. */
export function warningsSection({ warnings }: Summary): Markup {
  return warnings.length === 0
    ? markup``
    : markup`<section id="warnings"><h2>Warnings</h2><ul class="failures">${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul></section>`;
}
