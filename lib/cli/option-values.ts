import type { Command } from 'commander';
import { UsageError } from './io.ts';

/** Collects the values of an option that may be repeated. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/**
 * Has every command of a program refuse an option that is given twice, unless its values are collected: the last one
 * would win, whatever the others say. It refuses an empty value, too, and one that is the next option, whose own
 * value was forgotten.
 */
export function refuseBadValues(program: Command): void {
  for (const command of program.commands) {
    for (const option of command.options) {
      if (!option.required) continue;
      const flag = `--${option.name()}`;
      let isGiven = false;
      command.on(`option:${option.name()}`, (value: string) => {
        const problem =
          (isGiven && option.parseArg !== collect && `${flag} is given twice; leave one out`) ||
          (value === '' && `${flag}: its value is empty; write one, or leave the option out`) ||
          (/^-(-|h$)/.test(value) &&
            `${flag} needs a value, and ${value} follows; write the value, or leave ${flag} out`);
        if (problem) throw new UsageError(problem);
        isGiven = true;
      });
    }
  }
}
