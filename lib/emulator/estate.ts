import { SERVICES, type ServiceName } from './services.ts';
import type { TaskRow } from './task-row.ts';
import { TaskTable } from './task-table.ts';

/** An instance to be made; what is left out gets a believable value. */
export interface InstanceSeed {
  service: ServiceName;
  projectId?: string;
  /** A UUID with dashes, as the vendor's ids are. */
  id?: string;
  name?: string;
  /** `CREATEFAILED` is listed only with `include_failure=true`. */
  status?: string;
  /** The row's `engine`; the `engine` filter goes by `service`. */
  engine?: string;
  /** Any JSON values: a malformed row is served as it stands. */
  tasks?: readonly unknown[];
}

/** One instance and its live table of background tasks. */
export interface EmulatedInstance {
  readonly id: string;
  name: string;
  readonly service: ServiceName;
  readonly projectId: string;
  readonly engine: string;
  status: string;
  /** Creation time in milliseconds. */
  readonly createdAt: number;
  /** All rows, newest first, malformed ones included. */
  tasks(): TaskRow[];
  /** Ids of the rows that have one, newest first. */
  taskIds(): string[];
  addTask(row: unknown): void;
  /** Takes a record out without any request; false when it was not there. */
  removeTask(id: string): boolean;
  setTasks(rows: readonly unknown[]): void;
  /** The table behind it, for the operations. */
  readonly table: TaskTable;
}

/** All instances, by id and in the order of their making. */
export class Estate {
  readonly #instances = new Map<string, EmulatedInstance>();
  /** An instance that was removed keeps its service, so that "not found" comes in the right words. */
  readonly #removed = new Map<string, ServiceName>();
  readonly #defaultProject: string;
  readonly #now: () => number;
  #made = 0;

  constructor(defaultProject: string, now: () => number) {
    this.#defaultProject = defaultProject;
    this.#now = now;
  }

  add(seed: InstanceSeed): EmulatedInstance {
    this.#made += 1;
    const ordinal = this.#made.toString(16).padStart(12, '0');
    const id = seed.id ?? `5560df16-cebf-4473-95c4-${ordinal}`;
    if (this.#instances.has(id)) throw new Error(`there is an instance ${id} already`);
    const table = new TaskTable(seed.tasks);
    const instance: EmulatedInstance = {
      id,
      name: seed.name ?? `${seed.service}-${this.#made}`,
      service: seed.service,
      projectId: seed.projectId ?? this.#defaultProject,
      engine: seed.engine ?? SERVICES[seed.service].engine,
      status: seed.status ?? 'RUNNING',
      createdAt: this.#now(),
      table,
      tasks: () => table.rows(),
      taskIds: () => table.rows().flatMap((row) => (typeof row?.id === 'string' ? [row.id] : [])),
      addTask: (row) => table.add(row),
      removeTask: (taskId) => table.remove(taskId),
      setTasks: (rows) => table.set(rows),
    };
    this.#instances.set(id, instance);
    return instance;
  }

  remove(id: string): boolean {
    const instance = this.#instances.get(id);
    if (instance === undefined) return false;
    this.#removed.set(id, instance.service);
    return this.#instances.delete(id);
  }

  /** The instance at this address; another project's or API version's is not there. */
  find(id: string, projectId: string, version: string): EmulatedInstance | undefined {
    const instance = this.#instances.get(id);
    if (instance?.projectId !== projectId) return undefined;
    return SERVICES[instance.service].version === version ? instance : undefined;
  }

  /** The service of an instance that is here, or was. */
  serviceOf(id: string): ServiceName | undefined {
    return this.#instances.get(id)?.service ?? this.#removed.get(id);
  }

  ofService(service: ServiceName, projectId: string): EmulatedInstance[] {
    return this.all().filter((one) => one.service === service && one.projectId === projectId);
  }

  hasProject(projectId: string): boolean {
    for (const one of this.#instances.values()) if (one.projectId === projectId) return true;
    return false;
  }

  all(): EmulatedInstance[] {
    return [...this.#instances.values()];
  }
}
