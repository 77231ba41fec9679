import type { RecordError, Summary } from '../../model/summary.ts';
import { number } from '../text.ts';
import { type Markup, markup } from './markup.ts';

/** Everything that went wrong, with the messages; empty where nothing did. */
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

/** The run's warnings; empty where there are none. */
export function warningsSection({ warnings }: Summary): Markup {
  return warnings.length === 0
    ? markup``
    : markup`<section id="warnings"><h2>Warnings</h2><ul class="failures">${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul></section>`;
}
