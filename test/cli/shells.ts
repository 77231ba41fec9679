import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { policyFolder } from '../on-disk.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** Something that a shell offers at the end of a line. */
export interface Offer {
  readonly word: string;
  /** Empty where it has none, as in bash. */
  readonly description: string;
}

/** A real shell without anybody's settings. */
interface Driver {
  readonly options: readonly string[];
  /** A program that prints an offer in each line, and a NUL after those of a line that was typed. */
  program(script: string, lines: readonly string[]): string;
}

const DRIVERS: Record<Shell, Driver> = {
  bash: { options: ['--noprofile', '--norc'], program: inBash },
  zsh: { options: ['-f'], program: inZsh },
  fish: { options: ['--no-config'], program: inFish },
};

export function isHere(shell: Shell): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

/** The complaints of a shell that reads a script and does not run it; empty where there are none. */
export async function complaintsOf(shell: Shell, script: string): Promise<string> {
  const folder = await policyFolder();
  const file = await folder.write('script', script);
  const { stdout, stderr, status } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
  await folder.remove();
  return `${stdout}${stderr}${status === 0 ? '' : `status ${status}`}`;
}

/**
 * The offers of a shell at the end of each line, once it has a script.
 * @param cwd the folder whose files it may offer.
 * @throws {Error} where it says anything else, or ends with an error.
 */
export async function offersOf(
  shell: Shell,
  script: string,
  lines: readonly string[],
  cwd: string,
): Promise<Offer[][]> {
  const { options, program } = DRIVERS[shell];
  const [, name = ''] = lines[0]?.match(/^(\S+) /) ?? [];
  const folder = await policyFolder();
  // Zsh finds it by this name.
  await folder.write(`_${name}`, script);
  const driver = await folder.write('driver', program(join(folder.path, `_${name}`), lines));
  const { stdout, stderr, status } = spawnSync(shell, [...options, driver], {
    cwd,
    env: { PATH: process.env.PATH, HOME: folder.path, LC_ALL: 'C.UTF-8', TERM: 'dumb' },
    encoding: 'utf8',
  });
  await folder.remove();
  const parts = stdout.split('\0');
  if (status !== 0 || stderr || parts.pop() !== '' || parts.length !== lines.length) {
    throw new Error(`${shell} ended with ${status}: ${stderr}${stdout}`);
  }
  return parts.map((part) =>
    part
      .split('\n')
      .filter(Boolean)
      .map((offer) => {
        const [word = '', description = ''] = offer.split('\t');
        return { word, description };
      }),
  );
}

/** Calls the function that the script has named, as readline does. */
function inBash(script: string, lines: readonly string[]): string {
  const asked = lines.map((line) => {
    // To bash, an equals sign is a word.
    const words = line
      .replace(/=$/, ' =')
      .replaceAll(/=(?=.)/g, ' = ')
      .split(' ');
    return `ask ${words.map((word) => `'${word}'`).join(' ')}`;
  });
  return `source ${script}
ask() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  local spec
  read -ra spec <<< "$(complete -p "$1")"
  "\${spec[2]}"
  ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"
  printf '\\0'
}
${asked.join('\n')}
`;
}

/** Types at a terminal of its own, since only the line editor completes, and takes down each offer on the way. */
function inZsh(script: string, lines: readonly string[]): string {
  return `zmodload zsh/zpty
cat > ${script}.typist << 'END'
PROMPT=
stty columns 5000
fpath=(${dirname(script)} $fpath)
autoload -Uz compinit && compinit -D -u
compadd() {
  # With one of these it adds nothing.
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a found shown
  (( $@[(I)-d] )) && shown=("\${(@P)@[$@[(i)-d] + 1]}")
  builtin compadd -A found -D shown "$@"
  local at
  for (( at = 1; at <= $#found; at++ )); do
    print -r -- "\${(Q)found[at]}"$'\\t'"\${shown[at]#* -- }" >> ${script}.offers
  done
  builtin compadd "$@"
}
take-down() {
  _main_complete
  compstate[insert]= compstate[list]=
  print -n '\\0' >> ${script}.offers
  print -n 'done\\1'
}
zle -C take-down complete-word take-down
bindkey '^I' take-down
print -n 'ready\\1'
END
ask() {
  zpty -w -n shell "$1"$'\\t'
  zpty -r shell said $'*done\\1' || exit 1
  # Ctrl-U empties the line.
  zpty -w -n shell $'\\025'
}
zpty shell zsh -f -i
zpty -w shell 'source ${script}.typist'
zpty -r shell said $'*ready\\1' || exit 1
${lines.map((line) => `ask '${line}'`).join('\n')}
cat ${script}.offers
`;
}

function inFish(script: string, lines: readonly string[]): string {
  const asked = lines.map((line) => `complete -C '${line}'; printf '\\0'`);
  return `source ${script}\n${asked.join('\n')}\n`;
}
