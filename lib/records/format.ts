import type { Instance } from '../model/instance.ts';
import type { ExpiredOutcome, Trigger } from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import { jsonLine, visible } from '../model/text.ts';
import type { Decision } from '../policy/decide.ts';
import type { Writer } from './spool.ts';

/** The first line of a records file. */
export interface Header {
  /** The version of the format. */
  readonly records: 1;
  readonly runId: string;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  readonly startedAt: string;
  /** The policy's {@link policyHash}. */
  readonly policy: string;
}

/** How a records file is written. */
export interface Format {
  header(header: Header): string;
  /** The beginning of a line, which all records of an instance share. */
  head(target: string, instance: Instance): string;
  /** Writes the next part, which tells the record. */
  task(task: Task, line: Writer): void;
  /** The part after it, which many records share. */
  decision(decision: Decision): string;
  /** The rest of a record's line, with its line break. */
  outcome(outcome: 'kept' | ExpiredOutcome): string;
  end(records: number): string;
}

/** The format of a file by its name: CSV where it ends so, else JSON lines. */
export function formatOf(file: string): Format {
  return /\.csv$/i.test(file) ? csv : jsonLines;
}

const TASK_COLUMNS = ['id', 'name', 'user', 'status', 'updatedAt'] as const;
type TaskColumn = (typeof TASK_COLUMNS)[number];

const JSON_KEYS: Readonly<Record<TaskColumn, string>> = {
  id: '"id":',
  name: '"name":',
  user: '"user":',
  status: '"status":',
  updatedAt: '"updatedAt":',
};

const jsonLines: Format = {
  header: (header) => `${jsonLine(header)}\n`,
  head: (target, instance) => `${jsonLine(instanceColumns(target, instance)).slice(0, -1)},`,
  task: (task, line) => {
    for (const column of TASK_COLUMNS) {
      line.write(JSON_KEYS[column]);
      writeJson(cellOf(task, column), line);
      line.write(',');
    }
  },
  decision: (decision) => jsonLine(decisionColumns(decision)).slice(1, -1),
  outcome: (outcome) => {
    if (outcome === 'kept') return ',"outcome":"kept"}\n';
    const { error } = outcome;
    const { status = null, code = null, message = null } = error ?? {};
    return `,${jsonLine({ outcome: outcome.outcome, ...(error && { error: { status, code, message } }) }).slice(1)}\n`;
  },
  end: (records) => `${jsonLine({ end: true, records })}\n`,
};

const CSV_COLUMNS = [
  'target',
  'instance',
  'instanceName',
  ...TASK_COLUMNS,
  'decision',
  'reason',
  'rule',
  'outcome',
  'errorStatus',
  'errorCode',
  'errorMessage',
];

const csv: Format = {
  header: () => `${CSV_COLUMNS.join(',')}\n`,
  head: (target, instance) => `${cells(instanceColumns(target, instance))},`,
  task: (task, line) => {
    for (const column of TASK_COLUMNS) {
      line.write(cell(cellOf(task, column)));
      line.write(',');
    }
  },
  decision: (decision) => cells(decisionColumns(decision)),
  outcome: (outcome) => {
    if (outcome === 'kept') return ',kept,,,\n';
    const { status, code, message } = outcome.error ?? {};
    return `,${[outcome.outcome, status, code, message].map(cell).join(',')}\n`;
  },
  end: () => '',
};

function instanceColumns(target: string, instance: Instance) {
  return { target, instance: instance.id, instanceName: instance.name || null };
}

function cellOf(task: Task, column: TaskColumn): string | undefined {
  if (column !== 'updatedAt') return task[column];
  return task.updatedAt === undefined ? undefined : new Date(task.updatedAt).toISOString();
}

function decisionColumns({ action, reason, rule }: Decision) {
  return { decision: action, reason, rule: rule ?? null };
}

/** Text that stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Most text is plain. A new string for each would fill the memory. */
function writeJson(text: string | undefined, line: Writer): void {
  if (text === undefined) line.write('null');
  else if (PLAIN.test(text)) {
    line.write('"');
    line.write(text);
    line.write('"');
  } else line.write(jsonLine(text));
}

function cells(values: object): string {
  return Object.values(values).map(cell).join(',');
}

/**
 * The beginning of a formula: of the cell, or of a part of it where the spreadsheet separates by another character than
 * a comma, as its language has it. Such a reader takes our quotes apart, so that those of the text may begin a cell.
 */
const FORMULA = /(^|[;؛|])(?=["'\s]*[=+\-@＝＋－＠])/gu;

/** A cell that a spreadsheet shows as it is, and never computes. */
function cell(value: string | number | null | undefined): string {
  const harmless = visible(String(value ?? '')).replace(FORMULA, "$1'");
  return /[",;\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
