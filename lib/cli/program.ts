import { Argument, Command, CommanderError, Option } from 'commander';
import { JanitorError } from '../model/error.ts';
import { CLOUD_NAMES, SERVICE_NAMES } from '../model/services.ts';
import { counted } from '../model/summary.ts';
import { policyJsonSchema } from '../policy/schema.ts';
import { policyWarnings } from '../policy/warnings.ts';
import type { Shell } from './completion-command.ts';
import type { EmulateOptions } from './emulate-command.ts';
import type { InitOptions } from './init-questions.ts';
import { EXIT, type Io, print, printError, terminalOn, UsageError } from './io.ts';
import { collect, refuseBadValues } from './option-values.ts';
import { DEFAULT_POLICY, readPolicyFile } from './policy-file.ts';
import { type RunOptions, runCommand } from './run-command.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/**
 * The `task-janitor` command.
 * @param args the words after the command's name.
 * @returns the exit status, see {@link EXIT}.
 */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  let status: number = EXIT.complete;
  const program = new Command('task-janitor')
    .description(
      'Deletes expired background-task records of DCS and DMS instances on Huawei Cloud and Open Telekom Cloud.',
    )
    .version(io.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      // It repeats what was typed.
      writeErr: (text) => printError(io, text.replace(/\n$/, '')),
    })
    .configureHelp({ helpWidth: Math.min(80, terminalOn('out', io).columns) })
    .showHelpAfterError('(task-janitor --help shows how it is used)')
    .addHelpText('after', examples('init', 'validate', 'plan', 'run'));

  const asRun = (command: Command) =>
    command
      .addOption(policyOption())
      .option('--target <name>', 'only this target; may be repeated', collect)
      .option(
        '--instance <id>',
        'only this instance, by id, name or glob; may be repeated',
        collect,
      )
      .option('--task <id>', 'only this task record; may be repeated', collect)
      .option(
        '--keep-for <duration>',
        'instead of the keepFor of targets and defaults, such as 30d or P30D; rules keep theirs',
      )
      .option('--max-duration <duration>', 'end within this time, such as 15m or PT15M')
      .option('--json', 'print the summary as JSON, and logs on standard error')
      .option('--quiet', 'show no progress and no logs, and a summary only if something is wrong')
      .option('--verbose', 'show every instance; in a plan, every record with its decision')
      .option(
        '--records <file>',
        'write every record, its decision and what became of it: JSON lines, or CSV (*.csv)',
      )
      .option('--html <file>', 'write a report with charts and every record, as one HTML file')
      .addHelpText('after', '\nA file named - is standard output.');

  asRun(program.command('run').description('clean up: list, decide, delete, report'))
    .addHelpText(
      'after',
      examples(
        'run --no-dry-run --max-duration 15m',
        'run --target prod-cache --keep-for 7d --json',
        'run --plan plan.jsonl --records done.jsonl --no-dry-run',
      ),
    )
    .addOption(new Option('--dry-run', 'only report, delete nothing'))
    .addOption(new Option('--no-dry-run', 'delete, whatever dryRun the policy says'))
    .option(
      '--plan <file>',
      'delete only what this plan would have deleted: a file that plan --records wrote',
    )
    .option('--plan-max-age <duration>', 'how old the plan may be (7d)')
    .action(async (options: RunOptions & { policy: string }) => {
      if (args.includes('--dry-run') && args.includes('--no-dry-run')) {
        throw new UsageError('--dry-run and --no-dry-run contradict each other; leave one out');
      }
      status = await runCommand(options, io);
    });
  asRun(program.command('plan').description('show what run would delete, and why; deletes nothing'))
    .addHelpText(
      'after',
      examples(
        'plan --target prod-cache --verbose',
        'plan --keep-for 90d',
        'plan --records plan.jsonl',
      ),
    )
    .option('--dry-run', 'changes nothing: a plan is always a dry run')
    .option('--exit-code', 'end with 4 when something would be deleted')
    .action(async (options: RunOptions & { policy: string }) => {
      status = await runCommand({ ...options, dryRun: true, isPlan: true }, io);
    });
  program
    .command('init')
    .description('find instances and write a first policy, which only reports')
    .addHelpText('after', '\nAsks at the terminal for what these options do not say.')
    .addHelpText(
      'after',
      examples(
        'init',
        'init --cloud otc --region eu-de --service dcs --service kafka',
        'init --cloud otc --region eu-de --service dcs --secret acme/otc',
      ),
    )
    .addOption(
      new Option('--cloud <cloud>', 'look in this cloud').choices(CLOUD_NAMES).argParser(asWritten),
    )
    .option('--region <region>', 'look in this region; may be repeated', collect)
    .addOption(
      new Option('--service <service>', 'look for its instances; may be repeated')
        .choices(SERVICE_NAMES)
        .argParser(collect),
    )
    .option('--secret <name>', 'the credentials are in this secret of AWS Secrets Manager')
    .option('--env <prefix>', 'the credentials are in environment variables with this prefix')
    .option('--profile <name>', 'the credentials are in this entry of clouds.yaml')
    .option('--endpoint <url>', 'one server for all services and IAM, such as the emulator')
    .option('--output <file>', 'write this new file', DEFAULT_POLICY)
    .action(async (options: InitOptions) => {
      const { initCommand } = await import('./init-command.ts');
      status = await initCommand(options, io);
    });
  program
    .command('validate')
    .description('check the policy; sends nothing')
    .addHelpText('after', examples('validate --policy my-policy.yml'))
    .addOption(policyOption())
    .action(async ({ policy: file }: { policy: string }) => {
      const policy = await readPolicyFile(file);
      const { targets, dryRun } = policy;
      const names = targets.map(({ name, projects }) => (projects ? `${name}/*` : name)).join(', ');
      const text = `${file} is valid: ${counted(targets.length, 'target')} (${names}).`;
      print(io, text);
      if (targets.some(({ projects }) => projects)) {
        print(io, '* stands for the projects of the region, which are looked up in each run.');
      }
      for (const warning of policyWarnings(policy)) {
        print(io, warning, 'warning: ');
      }
      print(
        io,
        dryRun
          ? 'It only reports. Write dryRun: false when it may delete.'
          : 'A run with this policy deletes: it says dryRun: false.',
      );
    });
  program
    .command('schema')
    .description("print the policy's JSON Schema, for editors and other tools")
    .addHelpText('after', examples('schema > retention.schema.json'))
    .action(() => {
      io.out(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
    });
  program
    .command('test')
    .description('test a policy on records: which go, which stay; sends nothing')
    .argument('<files...>', 'records, and what should become of each (docs/policy.md)')
    .addHelpText('after', examples('test my-policy.test.yml'))
    .action(async (files: string[]) => {
      const { testCommand } = await import('./test-command.ts');
      status = await testCommand(files, io);
    });
  program
    .command('doctor')
    .description('check credentials, clock, endpoints and permissions; deletes nothing')
    .addOption(policyOption())
    .addHelpText('after', examples('doctor --policy retention.yml'))
    .action(async ({ policy }: { policy: string }) => {
      const { doctorCommand } = await import('./doctor-command.ts');
      status = await doctorCommand(policy, io);
    });
  program
    .command('emulate')
    .description('serve an emulator of the task API, with instances to try things on')
    .addHelpText('after', examples('emulate --port 3456 --write-policy emulator.yml'))
    .option('--port <port>', 'TCP port; a free one when absent')
    .option('--write-policy <file>', 'write a policy for these instances to a new file')
    .action(async (options: EmulateOptions) => {
      const { emulateCommand } = await import('./emulate-command.ts');
      status = await emulateCommand(options, io);
    });
  program
    .command('demo')
    .description('start the emulator, clean up there, and show what happened')
    .addHelpText('after', examples('demo'))
    .action(async () => {
      const { demoCommand } = await import('./demo-command.ts');
      status = await demoCommand(io);
    });
  program
    .command('completion')
    .description('print a script that completes commands, options and files in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS).argParser(asWritten))
    .addHelpText('after', '\ndocs/install.md says how to install it.')
    .addHelpText(
      'after',
      examples(
        'completion bash > ~/.task-janitor.bash',
        'completion zsh > ~/.zfunc/_task-janitor',
        'completion fish > ~/.config/fish/completions/task-janitor.fish',
      ),
    )
    .action(async (shell: string) => {
      const { completionCommand } = await import('./completion-command.ts');
      status = completionCommand(program, shell, io);
    });

  refuseBadValues(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return report(error, io);
  }
}

function policyOption(): Option {
  return new Option('--policy <file>', 'the retention policy').default(DEFAULT_POLICY);
}

/** The last part of a command's help. */
function examples(...lines: readonly string[]): string {
  const heading = lines.length === 1 ? 'Example:' : 'Examples:';
  return ['', heading, ...lines.map((line) => `  task-janitor ${line}`)].join('\n');
}

/** For choices, which help and completion show: the command itself checks what was written. */
function asWritten(value: string): string {
  return value;
}

/** Prints an error, unless that is done already, and returns the exit status. */
function report(error: unknown, io: Io): number {
  // Commander has already printed its own.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.complete : EXIT.usage;
  if (error instanceof JanitorError) {
    printError(io, error.message);
    return EXIT.usage;
  }
  io.err(`internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failed;
}
