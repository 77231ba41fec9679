import type { Argument, Command, Option } from 'commander';
import { oneLine } from '../model/text.ts';
import { unknownName } from '../policy/suggest.ts';
import { EXIT, type Io, UsageError } from './io.ts';

/** The values of a parameter: files, or some words. There are no words where no shell can know them. */
type Values = 'files' | readonly string[];

/** The value of an option, or an argument. */
interface Parameter {
  readonly name: string;
  readonly values: Values;
  readonly repeated: boolean;
}

/** An option. */
interface Flag {
  /** Short and long, as they are typed. */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent where the option takes no value. */
  readonly value: Parameter | undefined;
}

/** A command, or the program itself. */
interface Words {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly parameters: readonly Parameter[];
}

interface Tree {
  readonly root: Words;
  readonly commands: readonly Words[];
  /** Begins the names of our functions in the shell. */
  readonly prefix: string;
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export type Shell = keyof typeof SCRIPTS;

/**
 * Prints the script that completes the program in a shell.
 * @throws {UsageError} for a shell that has none.
 */
export function completionCommand(program: Command, shell: string, io: Io): number {
  io.out(completionScript(program, shell));
  return EXIT.complete;
}

/**
 * The script that completes a program's commands, options and files in a shell. It holds all of them, and never calls
 * the program. A value that is called file is completed with files.
 * @throws {UsageError} for a shell that has none; {Error} where the name of a command, an option or a choice has
 * characters that a shell would obey.
 */
export function completionScript(program: Command, shell: string): string {
  if (!Object.hasOwn(SCRIPTS, shell)) {
    throw new UsageError(unknownName('shell', shell, Object.keys(SCRIPTS)));
  }
  return SCRIPTS[shell as Shell](treeOf(program));
}

function treeOf(program: Command): Tree {
  const visible = program.createHelp().visibleCommands(program);
  const names = visible.map((command) => command.name());
  const commands = visible.map((command) => {
    const words = wordsOf(command);
    // Only commander's own "help" is not among them; its argument is the name of one.
    if (program.commands.includes(command)) return words;
    return { ...words, parameters: words.parameters.map((each) => ({ ...each, values: names })) };
  });
  const root = wordsOf(program);
  return { root, commands, prefix: `_${root.name.replaceAll(/\W/g, '_')}` };
}

function wordsOf(command: Command): Words {
  return {
    name: plain(command.name()),
    description: oneLine(command.description()),
    flags: command.createHelp().visibleOptions(command).map(flagOf),
    parameters: command.registeredArguments.map((each) => parameterOf(each.name(), each)),
  };
}

function flagOf(option: Option): Flag {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const [, value = ''] = /[<[]([^\].>]+)/.exec(option.flags) ?? [];
  return {
    names: names.map(plain),
    description: oneLine(option.description),
    value: option.required || option.optional ? parameterOf(value, option) : undefined,
  };
}

function parameterOf(name: string, { argChoices, variadic }: Option | Argument): Parameter {
  const values = /^files?$/.test(name) ? 'files' : (argChoices ?? []).map(plain);
  return { name: oneLine(name), values, repeated: variadic };
}

/** A name that every shell takes as it is. Any other would need quotes, which each shell writes in its own way. */
function plain(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new Error(
    `${JSON.stringify(name)} cannot be completed: only letters, digits and -._ can be`,
  );
}

function bashScript({ root, commands, prefix }: Tree): string {
  const offer = (values: Values) =>
    values === 'files' ? `${prefix}_files` : `words='${values.join(' ')}'`;
  // Each offer that follows an option, with all options that it follows.
  const optionsBy = new Map<string, string[]>();
  for (const command of [root, ...commands]) {
    const lead = command === root ? '' : command.name;
    for (const { names, value } of command.flags) {
      if (!value) continue;
      const action = offer(value.values);
      const patterns = names.map((name) => `'${lead} ${name}'`);
      optionsBy.set(action, [...(optionsBy.get(action) ?? []), ...patterns]);
    }
  }
  const afterOption = [...optionsBy].map(
    ([action, patterns]) => `${patterns.join(' | \\\n      ')})\n      ${action}\n      ;;`,
  );
  const elsewhere = commands.flatMap(({ name, flags, parameters }) => {
    const options = offer(flags.flatMap(({ names }) => names));
    if (parameters.length === 0) return [`'${name} '*) ${options} ;;`];
    const known = parameters.map(({ values }) => values);
    const argument = known.includes('files') ? 'files' : known.flat();
    return [`'${name} -'*) ${options} ;;`, `'${name} '*) ${offer(argument)} ;;`];
  });
  const names = commands.map(({ name }) => name);
  return `# Completes ${root.name} in bash. Written by "${root.name} completion bash".
${prefix}() {
  local IFS=$' \\t\\n' command= words= at
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  # To bash, --option=value is three words.
  if [[ $word == '=' ]]; then
    word=
  elif [[ $before == '=' ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${names.join(' | ')})
        command=\${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$command $before" in
    ${afterOption.join('\n    ')}
    *)
      case "$command $word" in
        ' -'*) ${offer(root.flags.flatMap((flag) => flag.names))} ;;
        ' '*) ${offer(names)} ;;
        ${elsewhere.join('\n        ')}
      esac
      ;;
  esac
  [[ ! $words ]] || COMPREPLY=($(compgen -W "$words" -- "$word"))
}
${prefix}_files() {
  local file
  # It puts quotes where a name needs them, and a slash after a folder. Bash 3.2 does not have it.
  compopt -o filenames 2> /dev/null
  while IFS= read -r file; do
    COMPREPLY+=("$file")
  done < <(compgen -f -- "$word")
}
complete -F ${prefix} ${root.name}
`;
}

function zshScript({ root, commands }: Tree): string {
  // The completion system looks for it under the name of its file.
  const main = `_${root.name}`;
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = (text: string) => text.replaceAll(/[\\:[\]]/g, '\\$&');
  const offer = (values: Values) => {
    if (values === 'files') return '_files';
    // A space completes nothing.
    return values.length === 0 ? ' ' : `(${values.join(' ')})`;
  };
  const parameter = ({ name, values }: Parameter) => `:${escaped(name)}:${offer(values)}`;
  const option = ({ names, description, value }: Flag) =>
    names.map((name) => {
      const glued = value ? (name.startsWith('--') ? '=' : '+') : '';
      return quoted(`*${name}${glued}[${escaped(description)}]${value ? parameter(value) : ''}`);
    });
  const specs = ({ flags, parameters }: Words) => [
    ...flags.flatMap(option),
    ...parameters.map((each) => quoted(`${each.repeated ? '*' : ''}${parameter(each)}`)),
  ];
  const cases = commands.map((command) => {
    const words = ['_arguments', ...specs(command)].join(' \\\n            ');
    return `${command.name})\n          ${words}\n          ;;`;
  });
  const described = commands.map(({ name, description }) =>
    quoted(`${name}:${escaped(description)}`),
  );
  return `#compdef ${root.name}
# Completes ${root.name} in zsh. Written by "${root.name} completion zsh".
${main}() {
  local curcontext=$curcontext context state state_descr line
  local -A opt_args
  local -a commands=(
    ${described.join('\n    ')}
  )
  _arguments -C \\
    ${[...specs(root), "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')} && return
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
        ${cases.join('\n        ')}
      esac
      ;;
  esac
}
# The completion system runs this file as the function. If the file is sourced, it registers the function.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  ${main} "$@"
else
  compdef ${main} ${root.name}
fi
`;
}

function fishScript({ root, commands, prefix }: Tree): string {
  const quoted = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
  const names = commands.map(({ name }) => name);
  const offer = (values: Values) =>
    values === 'files' ? '-F' : `-f -a ${quoted(values.join(' '))}`;
  const lines = [root, ...commands].flatMap((command) => {
    const condition = command === root ? `_${prefix}_is` : `_${prefix}_is ${command.name}`;
    const lead = `complete -c ${root.name} -n ${quoted(condition)}`;
    return [
      ...command.flags.map(({ names: flags, description, value }) => {
        const typed = flags.map((name) =>
          name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
        );
        const taken = value ? ` -r ${offer(value.values)}` : '';
        return `${lead} ${typed.join(' ')}${taken} -d ${quoted(description)}`;
      }),
      ...command.parameters.map(({ values }) => `${lead} ${offer(values)}`),
    ];
  });
  const described = commands.map(
    ({ name, description }) =>
      `complete -c ${root.name} -n _${prefix}_is -a ${name} -d ${quoted(description)}`,
  );
  return `# Completes ${root.name} in fish. Written by "${root.name} completion fish".
# Whether the words before the cursor name this command; without an argument, whether they name none.
function _${prefix}_is
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if contains -- $word ${names.join(' ')}
            test $word = "$argv[1]"
            return
        end
    end
    test -z "$argv[1]"
end
complete -c ${root.name} -f
${[...described, ...lines].join('\n')}
`;
}
