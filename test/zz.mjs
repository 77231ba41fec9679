// lib/emulator/demo-identity.ts
var DEMO_ACCESS_KEY = {
  accessKey: "HCDEMOACCESSKEY00001",
  secretKey: "demoSecretKeyThatOpensNothing00000000001"
};
var DEMO_USER = {
  username: "demo-janitor",
  password: "demo-password-that-opens-nothing",
  domain: "demo-account"
};
var DEMO_PROJECT_ID = "0b01fbb53600d4671fa8c00673c71260";
var DEMO_REGION = "eu-west-101";

// lib/emulator/services.ts
var DMS = {
  family: "dms",
  version: "v2",
  // The default of 10 is known from Terraform's RocketMQ code only; no page documents one.
  tasks: { position: "start", firstRow: 1, defaultLimit: 10, maxLimit: 100 },
  instances: { position: "offset", firstRow: 0, defaultLimit: 10, maxLimit: 50 },
  taskCount: "string",
  timeNames: ["begin_time", "end_time"],
  showsOneTask: true,
  showsProgress: true
};
var SERVICES = {
  dcs: {
    family: "dcs",
    version: "v2",
    tasks: { position: "offset", firstRow: 0, defaultLimit: 10, maxLimit: 1e3 },
    instances: { position: "offset", firstRow: 0, defaultLimit: 10, maxLimit: 1e3 },
    taskCount: "number",
    timeNames: ["start_time", "end_time"],
    showsOneTask: false,
    showsProgress: true,
    engine: "Redis",
    engineAliases: [],
    engineVersion: "5.0",
    port: 6379
  },
  "dcs-v1": {
    family: "dcs",
    version: "v1.0",
    // The tasks page gave neither default nor maximum: taken from the instances list beside it.
    tasks: { position: "start", firstRow: 1, defaultLimit: 1e3, maxLimit: 2e3 },
    instances: { position: "start", firstRow: 1, defaultLimit: 1e3, maxLimit: 2e3 },
    taskCount: "string",
    timeNames: ["beginTime", "endTime"],
    showsOneTask: false,
    showsProgress: false,
    engine: "Redis",
    engineAliases: [],
    engineVersion: "3.0",
    port: 6379
  },
  kafka: { ...DMS, engine: "kafka", engineAliases: ["kafka"], engineVersion: "2.7", port: 9092 },
  rabbitmq: {
    ...DMS,
    engine: "rabbitmq",
    engineAliases: ["rabbitmq"],
    engineVersion: "3.8.35",
    port: 5672,
    showsProgress: false
  },
  rocketmq: {
    ...DMS,
    engine: "reliability",
    engineAliases: ["rocketmq", "reliability"],
    engineVersion: "4.8.0",
    port: 8100
  }
};
function serviceOfEngine(engine) {
  const names = Object.keys(SERVICES);
  return names.find((name) => SERVICES[name].engineAliases.includes(engine));
}

// lib/emulator/task-table.ts
var TaskTable = class {
  #entries = [];
  #byId = /* @__PURE__ */ new Map();
  #holes = 0;
  #filtered;
  constructor(rows = []) {
    this.set(rows);
  }
  /** Replaces all rows. Rows of the same age keep their order; unreadable ages come last. */
  set(rows) {
    this.#byId.clear();
    this.#entries = rows.map((row) => this.#register(row));
    this.#entries.sort(newestFirst);
    this.#holes = 0;
    this.#filtered = void 0;
  }
  /** Puts a row where its `created_at` belongs, before others of the same age. */
  add(row) {
    const entry = this.#register(row);
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = low + high >>> 1;
      if (newestFirst(this.#entries[middle], entry) < 0) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
    this.#filtered = void 0;
  }
  /** The row with this id, when there is one. */
  get(id) {
    return this.#byId.get(id)?.row;
  }
  /** Takes the row out; false when there was none. */
  remove(id) {
    let entry = this.#byId.get(id);
    if (entry === void 0) return false;
    this.#byId.delete(id);
    for (; entry !== void 0; entry = entry.twin) {
      entry.live = false;
      this.#holes += 1;
    }
    this.#filtered = void 0;
    return true;
  }
  /** Gives the row another status; false when there is none with this id. */
  mark(id, status) {
    const entry = this.#byId.get(id);
    if (entry === void 0) return false;
    entry.row = { ...entry.row, status };
    return true;
  }
  /** One page, and how many rows match in all. */
  page(skip, limit, range) {
    const entries = this.#matching(range);
    const rows = entries.slice(skip, skip + limit).map((entry) => entry.row);
    return { total: entries.length, rows };
  }
  /** All rows, newest first. */
  rows() {
    return this.#matching().map((entry) => entry.row);
  }
  #register(row) {
    const { id, created_at: created } = row ?? {};
    const createdAt = typeof created === "string" ? Date.parse(created) : Number.NaN;
    const entry = { row, createdAt, live: true, twin: void 0 };
    if (typeof id === "string") {
      entry.twin = this.#byId.get(id);
      this.#byId.set(id, entry);
    }
    return entry;
  }
  #matching(range) {
    if (this.#holes > 0) {
      this.#entries = this.#entries.filter((entry) => entry.live);
      this.#holes = 0;
    }
    if (range === void 0) return this.#entries;
    const key = `${range.from}-${range.to}`;
    if (this.#filtered?.key !== key) {
      const { from, to } = range;
      const rows = this.#entries.filter(({ createdAt }) => {
        const second = Math.floor(createdAt / 1e3) * 1e3;
        return second >= from && second <= to;
      });
      this.#filtered = { key, rows };
    }
    return this.#filtered.rows;
  }
};
function newestFirst(a, b) {
  if (Number.isNaN(a.createdAt)) return Number.isNaN(b.createdAt) ? 0 : 1;
  if (Number.isNaN(b.createdAt)) return -1;
  return b.createdAt - a.createdAt;
}

// lib/emulator/estate.ts
var Estate = class {
  #instances = /* @__PURE__ */ new Map();
  /** An instance that was removed keeps its service, so that "not found" comes in the right words. */
  #removed = /* @__PURE__ */ new Map();
  #defaultProject;
  #now;
  #made = 0;
  constructor(defaultProject, now2) {
    this.#defaultProject = defaultProject;
    this.#now = now2;
  }
  add(seed) {
    this.#made += 1;
    const ordinal = this.#made.toString(16).padStart(12, "0");
    const id = seed.id ?? `5560df16-cebf-4473-95c4-${ordinal}`;
    if (this.#instances.has(id)) throw new Error(`there is an instance ${id} already`);
    const table = new TaskTable(seed.tasks);
    const instance = {
      id,
      name: seed.name ?? `${seed.service}-${this.#made}`,
      service: seed.service,
      projectId: seed.projectId ?? this.#defaultProject,
      engine: seed.engine ?? SERVICES[seed.service].engine,
      status: seed.status ?? "RUNNING",
      createdAt: this.#now(),
      table,
      tasks: () => table.rows(),
      taskIds: () => table.rows().flatMap((row) => typeof row?.id === "string" ? [row.id] : []),
      addTask: (row) => table.add(row),
      removeTask: (taskId2) => table.remove(taskId2),
      setTasks: (rows) => table.set(rows)
    };
    this.#instances.set(id, instance);
    return instance;
  }
  remove(id) {
    const instance = this.#instances.get(id);
    if (instance === void 0) return false;
    this.#removed.set(id, instance.service);
    return this.#instances.delete(id);
  }
  /** The instance at this address; another project's or API version's is not there. */
  find(id, projectId, version) {
    const instance = this.#instances.get(id);
    if (instance?.projectId !== projectId) return void 0;
    return SERVICES[instance.service].version === version ? instance : void 0;
  }
  /** The service of an instance that is here, or was. */
  serviceOf(id) {
    return this.#instances.get(id)?.service ?? this.#removed.get(id);
  }
  ofService(service, projectId) {
    return this.all().filter((one) => one.service === service && one.projectId === projectId);
  }
  hasProject(projectId) {
    for (const one of this.#instances.values()) if (one.projectId === projectId) return true;
    return false;
  }
  all() {
    return [...this.#instances.values()];
  }
};

// lib/emulator/signature.ts
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

// lib/emulator/query.ts
function parseQuery(raw) {
  if (raw === "") return [];
  return raw.split("&").filter((part) => part !== "").map((part) => {
    const equals = part.indexOf("=");
    if (equals === -1) return [decode(part), ""];
    return [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
  });
}
function decode(text) {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  );
}

// lib/emulator/signature.ts
var ALGORITHM = "SDK-HMAC-SHA256";
var WINDOW_MS = 15 * 60 * 1e3;
function canonicalRequest(request, signedHeaders) {
  return [
    request.method.toUpperCase(),
    canonicalPath(request.path),
    canonicalQuery(request.query),
    signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim()}
`).join(""),
    signedHeaders.join(";"),
    request.headers["x-sdk-content-sha256"] ?? sha256(request.body)
  ].join("\n");
}
function canonicalPath(path) {
  const encoded = path.split("/").map((segment) => encode(decode(segment))).join("/");
  return encoded.endsWith("/") ? encoded : `${encoded}/`;
}
function canonicalQuery(raw) {
  return parseQuery(raw).sort(([a, x], [b, y]) => compare(a, b) || compare(x, y)).map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}
function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
function stringToSign(date, canonical) {
  return `${ALGORITHM}
${date}
${sha256(canonical)}`;
}
function signatureOf(secretKey, text) {
  return createHmac("sha256", secretKey).update(text).digest("hex");
}
function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}
function parseAuthorization(header) {
  const match = /^SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([^,]+)$/.exec(
    header
  );
  if (match === null) return void 0;
  const [, accessKey = "", names = "", signature = ""] = match;
  return { accessKey, signedHeaders: names.split(";"), signature };
}
function verifySignature(request, keys, now2) {
  const authorization = parseAuthorization(request.headers.authorization ?? "");
  if (authorization === void 0) return refused("authorization header is missing or malformed");
  const { accessKey, signedHeaders, signature } = authorization;
  const key = keys.find((one) => one.accessKey === accessKey);
  if (key === void 0) return refused(`get secretKey failed,ak:${accessKey}`);
  if (request.headers["x-security-token"] !== key.securityToken) {
    return refused("verify security token fail");
  }
  if (!isCanonicalList(signedHeaders)) return refused("signed headers are not in canonical form");
  if (!signedHeaders.includes("host")) return refused("host is not signed");
  if (!signedHeaders.includes("x-sdk-date")) return refused("x-sdk-date is not signed");
  const date = request.headers["x-sdk-date"] ?? "";
  const signedAt = parseSigningDate(date);
  if (Number.isNaN(signedAt)) return refused(`x-sdk-date is malformed:${date}`);
  if (Math.abs(now2 - signedAt) > WINDOW_MS) {
    const server = signingDate(now2);
    return refused(
      `calc aksk signature fail:signature expired, signature time:${date},server time:${server}`
    );
  }
  const canonical = canonicalRequest(request, signedHeaders);
  const expected = signatureOf(key.secretKey, stringToSign(date, canonical));
  if (!sameText(expected, signature)) return refused(mismatch(canonical));
  return { ok: true, accessKey };
}
function mismatch(canonical) {
  return `verify aksk signature fail, canonicalRequest:${canonical.replaceAll("\n", "|")}`;
}
function bodyOnDelete(request) {
  const names = parseAuthorization(request.headers.authorization ?? "")?.signedHeaders ?? [];
  return mismatch(canonicalRequest(request, names));
}
function refused(reason) {
  return { ok: false, reason };
}
function isCanonicalList(names) {
  return names.every((name, at) => {
    const before = names[at - 1];
    return name === name.toLowerCase() && (before === void 0 || before < name);
  });
}
function sameText(a, b) {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
function parseSigningDate(text) {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
function signingDate(time) {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

// lib/emulator/caller.ts
function homeOf({ users }) {
  return users[0]?.domain ?? DEMO_USER.domain;
}
function callerOf(cloud, { wire }) {
  const seen = cloud.tokens.look(wire.headers["x-auth-token"] ?? "");
  if (seen.state === "valid") {
    const { domain, mayAssume = true } = seen.token.user;
    return { domain, mayAssume };
  }
  const { accessKey = "" } = parseAuthorization(wire.headers.authorization ?? "") ?? {};
  const key = cloud.accessKeys.find((one) => one.accessKey === accessKey) ?? cloud.temporaryKeys.find(accessKey);
  return { domain: key?.domain ?? homeOf(cloud), mayAssume: key?.mayAssume ?? true };
}

// lib/emulator/errors.ts
var TASK_NOT_FOUND_CODE = "EMULATOR.4040";
var INVALID_DCS = ["DCS.4800", void 0, "Invalid {0} in the request."];
var PROBLEMS = {
  "bad-project-id": {
    status: 400,
    dcs: ["DCS.4002", "111400002", "The project ID format is invalid."],
    dms: ["DMS.00400002", "The project ID format is invalid."]
  },
  "bad-instance-id": {
    status: 400,
    dcs: ["DCS.4061", "111400061", "The instance ID format is invalid."],
    dms: ["DMS.00400061", "The instance ID format is invalid."]
  },
  "bad-task-id": {
    status: 400,
    dcs: ["DCS.4070", "111400070", "The task ID format is invalid."],
    dms: ["DMS.00400070", "The task ID format is invalid."]
  },
  "bad-query": {
    status: 400,
    dcs: INVALID_DCS,
    dms: ["DMS.00400062", "Invalid {0} parameter in the request."]
  },
  "bad-limit": {
    status: 400,
    dcs: INVALID_DCS,
    dms: ["DMS.10240042", "The page size is invalid."]
  },
  "bad-offset": {
    status: 400,
    dcs: INVALID_DCS,
    dms: ["DMS.10240043", "The page offset is invalid."]
  },
  "past-the-end": {
    status: 400,
    dcs: INVALID_DCS,
    dms: ["DMS.40050010", "Offset parameter is invalid."]
  },
  "instance-not-found": {
    status: 404,
    dcs: ["DCS.3022", "111404022", "This DCS instance does not exist."],
    dms: ["DMS.00404022", "This DMS instance does not exist."]
  },
  "task-running": {
    status: 400,
    dcs: [
      "DCS.4957",
      void 0,
      "This operation is not allowed when the task is in the current state."
    ],
    dms: ["DMS.00400017", "The instance job task is still running."]
  },
  "instance-busy": {
    status: 400,
    dcs: ["DCS.4017", "111400017", "The instance job task is still running."],
    dms: ["DMS.00400026", "This operation is not allowed due to the instance status."]
  },
  "token-expired": {
    status: 401,
    dcs: ["DCS.1002", "111401002", "The token has expired."],
    dms: ["DMS.10240102", "The token has expired."]
  },
  "project-mismatch": {
    status: 401,
    dcs: ["DCS.1004", "111401004", "The project ID in the URL does not match that of the token."],
    dms: ["DMS.10240104", "The project ID in the URL does not match that of the token."]
  },
  "no-permission": {
    status: 403,
    dcs: ["DCS.2007", void 0, "Policy does not allow {0} to be performed."],
    dms: ["DMS.00403007", "Policy does not allow {0} to be performed."]
  },
  "method-not-allowed": {
    status: 405,
    dcs: ["DCS.5001", "111405001", "The request method is not allowed."],
    dms: ["DMS.00405001", "The request method is not allowed."]
  },
  internal: {
    status: 500,
    dcs: ["DCS.5000", "111500000", "Internal service error."],
    dms: ["DMS.00500000", "Internal service error."]
  }
};
function serviceError(family, name, switches, subject = "") {
  const problem = PROBLEMS[name];
  if (family === "dms") {
    const [code2, message2] = problem.dms;
    return {
      status: problem.status,
      body: { error_code: code2, error_msg: message2.replace("{0}", subject) }
    };
  }
  const [code, legacy, message] = problem.dcs;
  return dcsBody(
    problem.status,
    switches.dcsCodes === "numeric" ? legacy ?? code : code,
    message.replace("{0}", subject)
  );
}
var NO_PROGRESS_CODE = "EMULATOR.4000";
function noProgress() {
  const message = "The progress of scaling tasks only can be queried.";
  return { status: 400, body: { error_code: NO_PROGRESS_CODE, error_msg: message } };
}
function taskNotFound(family, switches) {
  const status = switches.taskNotFound;
  if (status === 204) return { status };
  const message = "The task does not exist.";
  if (family === "dcs") return dcsBody(status, TASK_NOT_FOUND_CODE, message);
  return { status, body: { error_code: TASK_NOT_FOUND_CODE, error_msg: message } };
}
function dcsBody(status, code, message) {
  return { status, body: { error_code: code, error_msg: message, error_ext_msg: null } };
}
function flowControl() {
  const message = "The request is too frequent and is rejected by flow control.";
  return { status: 404, body: { error_code: "DMS.10240407", error_msg: message } };
}
function gatewayError(status, number, message, switches, requestId) {
  const code = `${switches.gatewayPrefix}.${number}`;
  return { status, body: { error_msg: message, error_code: code, request_id: requestId } };
}
function iamError(status, code, message) {
  return { status, body: { error: { code, message, title: IAM_TITLES[status] ?? "Error" } } };
}
var IAM_TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found"
};

// lib/emulator/routes.ts
var RIGHT = { wrongMethod: false };
var UNKNOWN = { operation: "unknown", ...RIGHT };
function isOfIam(operation) {
  return operation === "token" || operation === "projects" || operation === "agency";
}
function servedAt(host, route) {
  if (host === void 0) return route;
  if (isOfIam(route.operation) !== (host === "iam")) return UNKNOWN;
  return host === "dms" && route.version === "v1.0" ? UNKNOWN : route;
}
function routeOf(method, path) {
  const [root, ...rest] = path.split("/");
  if (root !== "") return UNKNOWN;
  const segments = rest.map(decode);
  if (segments[0] === "v3" || segments[0] === "v3.0") return identityRoute(method, segments);
  const [version, projectId, instances, instanceId, tasks, taskId2, progress] = segments;
  const known = version === "v2" || version === "v1.0";
  if (!known || !projectId || instances !== "instances") return UNKNOWN;
  if (segments.length === 3) {
    const here = { version, projectId };
    return method === "GET" ? { operation: "list-instances", ...RIGHT, ...here } : wrong(here);
  }
  if (!instanceId || tasks !== "tasks") return UNKNOWN;
  const address = { version, projectId, instanceId };
  if (segments.length === 5) {
    return method === "GET" ? { operation: "list-tasks", ...RIGHT, ...address } : wrong(address);
  }
  if (!taskId2) return UNKNOWN;
  if (segments.length > 6) {
    if (version === "v1.0" || progress !== "progress" || segments.length > 7) return UNKNOWN;
    const task2 = { ...address, taskId: taskId2 };
    return method === "GET" ? { operation: "task-progress", ...RIGHT, ...task2 } : wrong(task2);
  }
  if (method === "GET") return { operation: "show-task", ...RIGHT, ...address, taskId: taskId2 };
  if (method === "DELETE") return { operation: "delete-task", ...RIGHT, ...address, taskId: taskId2 };
  return wrong({ ...address, taskId: taskId2 });
}
function wrong(address) {
  return { operation: "unknown", wrongMethod: true, ...address };
}
function identityRoute(method, segments) {
  switch (`${method} ${segments.join("/")}`) {
    case "POST v3/auth/tokens":
      return { operation: "token", ...RIGHT };
    case "POST v3.0/OS-CREDENTIAL/securitytokens":
      return { operation: "agency", ...RIGHT };
    case "GET v3/projects":
    case "GET v3/auth/projects":
      return { operation: "projects", ...RIGHT };
    default:
      return UNKNOWN;
  }
}

// lib/emulator/access.ts
function refuseAccess(cloud, call) {
  const { wire, route } = call;
  const isSigned = wire.headers.authorization !== void 0;
  if (route.operation === "delete-task" && wire.body.length > 0) {
    if (isSigned) return unauthorised(cloud, call, bodyOnDelete(wire));
    return gatewayError(400, "0201", "Bad request: a body", cloud.switches, call.requestId);
  }
  if (!cloud.verify || route.operation === "token") return void 0;
  const { authentication } = cloud.switches;
  const token = wire.headers["x-auth-token"];
  if (token !== void 0 && authentication !== "signature") {
    return refuseToken(cloud, call, token);
  }
  if (authentication === "token") return unauthorised(cloud, call, "token is missing");
  return refuseSignature(cloud, call) ?? refuseAccount(cloud, call);
}
function refuseSignature(cloud, call) {
  const { wire } = call;
  const { accessKey = "" } = parseAuthorization(wire.headers.authorization ?? "") ?? {};
  const temporary = cloud.temporaryKeys.find(accessKey);
  if (temporary && cloud.temporaryKeys.hasExpired(temporary)) {
    return unauthorised(cloud, call, "verify security token fail, it has expired");
  }
  const keys = temporary ? [temporary] : cloud.accessKeys;
  const verdict = verifySignature(wire, keys, cloud.now());
  return verdict.ok ? void 0 : unauthorised(cloud, call, verdict.reason);
}
function refuseAccount(cloud, call) {
  const project = cloud.projects.find(({ id }) => id === call.route.projectId);
  if (project === void 0) return void 0;
  if ((project.domain ?? homeOf(cloud)) === callerOf(cloud, call).domain) return void 0;
  return serviceError(call.family, "project-mismatch", cloud.switches);
}
function refuseToken(cloud, call, text) {
  const { switches } = cloud;
  const seen = cloud.tokens.look(text);
  if (seen.state === "unknown") return unauthorised(cloud, call, "decrypt token fail");
  if (seen.state === "expired") {
    switch (switches.expiredToken) {
      case "service":
        if (isOfIam(call.route.operation)) {
          return iamError(401, "IAM.0066", "The token has expired.");
        }
        return serviceError(call.family, "token-expired", switches);
      case "decrypt-token-fail":
        return unauthorised(cloud, call, "decrypt token fail");
      case "token-must-be-updated":
        return gatewayError(401, "0307", "The token must be updated.", switches, call.requestId);
    }
  }
  const { projectId } = call.route;
  if (projectId !== void 0 && seen.token.project?.id !== projectId) {
    return serviceError(call.family, "project-mismatch", switches);
  }
  return void 0;
}
function unauthorised(cloud, call, reason) {
  const text = `Incorrect IAM authentication information: ${reason}`;
  return gatewayError(401, "0301", text, cloud.switches, call.requestId);
}

// lib/emulator/ids.ts
var HEX_32 = /^[0-9a-f]{32}$/i;
var UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
function isHexId(id) {
  return HEX_32.test(id);
}
function isUuid(id) {
  return UUID.test(id);
}
function accountId(name) {
  return Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32);
}

// lib/emulator/agency.ts
function assumeAgency(cloud, call) {
  const identity = readRequest(call.body)?.auth?.identity;
  const asked = identity?.assume_role;
  const { duration_seconds: seconds = 900 } = asked ?? {};
  if (!Array.isArray(identity?.methods) || !identity.methods.includes("assume_role") || typeof asked?.agency_name !== "string" || asked.domain_name === void 0 && asked.domain_id === void 0 || !(Number.isInteger(seconds) && Number(seconds) >= 900 && Number(seconds) <= 86400)) {
    return iamError(400, "IAM.0011", "The request body is invalid.");
  }
  const caller = callerOf(cloud, call);
  if (!caller.mayAssume) {
    const text = "Policy doesn't allow iam:tokens:assume to be performed.";
    return iamError(403, "IAM.0003", text);
  }
  const agency = cloud.agencies.find(
    ({ domain, name }) => name === asked.agency_name && (asked.domain_name === void 0 ? asked.domain_id === accountId(domain) : asked.domain_name === domain)
  );
  if (agency === void 0) {
    return iamError(404, "IAM.0004", `Could not find agency: ${asked.agency_name}.`);
  }
  if (agency.trusts !== void 0 && agency.trusts !== caller.domain) {
    const text = `The agency ${agency.name} is not delegated to account ${caller.domain}.`;
    return iamError(403, "IAM.0003", text);
  }
  const key = cloud.temporaryKeys.issue(agency.domain, Number(seconds) * 1e3);
  const credential = {
    access: key.accessKey,
    secret: key.secretKey,
    securitytoken: key.securityToken,
    expires_at: new Date(key.expiresAt).toISOString().replace("Z", "000Z")
  };
  return { status: 201, body: { credential } };
}
function readRequest(body) {
  try {
    const parsed = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : void 0;
  } catch {
    return void 0;
  }
}

// lib/emulator/answer.ts
function errorCodeOf(body) {
  if (typeof body !== "object" || body === null) return void 0;
  const { error_code: code, error } = body;
  const found = code ?? error?.code;
  return found === void 0 || found === null ? void 0 : String(found);
}

// lib/emulator/rate-limit.ts
var windows = /* @__PURE__ */ new WeakMap();
function exceeds(limit, entry, now2) {
  if (limit.operations !== void 0 && !limit.operations.includes(entry.operation)) return false;
  const window = windows.get(limit) ?? { times: [], head: 0 };
  windows.set(limit, window);
  while ((window.times[window.head] ?? Number.POSITIVE_INFINITY) <= now2 - 1e3) window.head += 1;
  if (window.times.length - window.head >= limit.perSecond) return true;
  window.times.push(now2);
  if (window.head > 256) {
    window.times = window.times.slice(window.head);
    window.head = 0;
  }
  return false;
}
function retryAfterHeader(limit, now2) {
  if (limit.retryAfter === void 0) return {};
  const { seconds, as } = limit.retryAfter;
  const value = as === "seconds" ? String(seconds) : new Date(now2 + seconds * 1e3).toUTCString();
  return { "retry-after": value };
}

// lib/emulator/selection.ts
var counts = /* @__PURE__ */ new WeakMap();
function selects(selection, entry) {
  if (selection.operations !== void 0 && !selection.operations.includes(entry.operation)) {
    return false;
  }
  if (selection.instanceId !== void 0 && selection.instanceId !== entry.instanceId) return false;
  const count = counts.get(selection) ?? { qualified: 0, chosen: 0 };
  counts.set(selection, count);
  if (count.chosen >= (selection.times ?? Number.POSITIVE_INFINITY)) return false;
  count.qualified += 1;
  const chosen = "every" in selection ? count.qualified % selection.every === 0 : selection.random() < selection.probability;
  if (chosen) count.chosen += 1;
  return chosen;
}

// lib/emulator/fault-outcome.ts
function faultFor(entry, context) {
  return denied(entry, context) ?? throttled(entry, context) ?? disconnected(entry, context.faults) ?? failedDelete(entry, context) ?? failedPage(entry, context) ?? spoiledBody(entry, context.faults);
}
function latencyOf(entry, faults) {
  const { latency = 0 } = faults;
  return typeof latency === "number" ? latency : latency(entry);
}
function asInterception({ status, headers, body }) {
  return { status, headers: headers ?? {}, body };
}
function denied(entry, context) {
  if (!context.faults.deny?.includes(entry.operation)) return void 0;
  if (isOfIam(entry.operation)) {
    const text = "You are not authorized to perform the requested action.";
    return asInterception(iamError(403, "IAM.0002", text));
  }
  const { family } = context;
  const actions = {
    "list-instances": "instance:list",
    "delete-task": "instance:deleteBackgroundTask"
  };
  const action = `${family}:${actions[entry.operation] ?? "instance:getBackgroundTask"}`;
  return asInterception(serviceError(family, "no-permission", context.switches, action));
}
function throttled(entry, context) {
  const limit = context.faults.rateLimit;
  if (limit === void 0) return void 0;
  const now2 = (limit.clock ?? context.now)();
  if (!exceeds(limit, entry, now2)) return void 0;
  const headers = retryAfterHeader(limit, now2);
  const { switches, family } = context;
  const speaksItself = family === "dms" && !isOfIam(entry.operation);
  if (switches.throttleAnswer === "dms-404" && speaksItself) {
    return { ...asInterception(flowControl()), headers };
  }
  const text = `The throttling threshold has been reached: policy user over ratelimit,limit:${limit.perSecond},time:1 second`;
  const answer = gatewayError(429, "0308", text, switches, context.requestId);
  return { ...asInterception(answer), headers };
}
function disconnected(entry, faults) {
  const { resets, hangs } = faults;
  if (resets !== void 0 && selects(resets, entry)) {
    return { reset: true, afterwards: resets.when === "after" };
  }
  if (hangs !== void 0 && selects(hangs, entry)) {
    return { hang: true, afterwards: hangs.when === "after" };
  }
  return void 0;
}
var deleteMemory = /* @__PURE__ */ new WeakMap();
function failedDelete(entry, context) {
  const fault = context.faults.deleteFails;
  if (fault === void 0 || entry.operation !== "delete-task") return void 0;
  const { tried } = deleteMemory.get(fault) ?? { tried: /* @__PURE__ */ new Map() };
  deleteMemory.set(fault, { tried });
  const key = `${entry.instanceId}/${entry.taskId}`;
  const before = tried.get(key);
  if (before === void 0) {
    const ordinal = tried.size + 1;
    const chosen = "every" in fault ? ordinal % fault.every === 0 : fault.random() < fault.probability;
    tried.set(key, chosen);
    if (!chosen) return void 0;
  } else if (!before || fault.once !== false) {
    return void 0;
  }
  return failure(context, fault.status, fault.ghost);
}
var pageFailures = /* @__PURE__ */ new WeakMap();
function failedPage(entry, context) {
  const fault = context.faults.listPageFails;
  if (fault === void 0 || entry.operation !== (fault.operation ?? "list-tasks"))
    return void 0;
  if (context.page !== fault.page) return void 0;
  if (fault.instanceId !== void 0 && fault.instanceId !== entry.instanceId) return void 0;
  const failures = pageFailures.get(fault) ?? 0;
  if (failures >= (fault.times ?? Number.POSITIVE_INFINITY)) return void 0;
  pageFailures.set(fault, failures + 1);
  return failure(context, fault.status);
}
function failure(context, status = 500, afterwards = false) {
  const answer = serviceError(context.family, "internal", context.switches);
  return { ...asInterception(answer), status, afterwards };
}
var HTML = "<html><head><title>502</title></head><body>Bad Gateway</body></html>";
function spoiledBody(entry, faults) {
  const fault = faults.badBodies;
  if (fault === void 0 || !selects(fault, entry)) return void 0;
  switch (fault.kind) {
    case "cut-off":
      return { cutOff: true };
    case "truncated":
      return { rewrite: (body) => halfOf(JSON.stringify(body ?? {})) };
    case "html":
      return { headers: { "content-type": "text/html" }, rewrite: () => HTML };
    case "empty":
      return { rewrite: () => "" };
    case "wrong-shape":
      return { rewrite: () => ["unexpected"] };
  }
}
function halfOf(text) {
  return text.slice(0, Math.floor(text.length / 2));
}

// lib/emulator/iam.ts
function issueToken(cloud, call) {
  const auth = readRequest2(call.body)?.auth;
  const given = auth?.identity?.password?.user;
  const methods = auth?.identity?.methods;
  if (!Array.isArray(methods) || !methods.includes("password") || given === void 0) {
    return iamError(400, "IAM.0011", "The request body is invalid.");
  }
  const user = cloud.verify ? cloud.users.find(
    ({ username, password, domain }) => username === given.name && password === given.password && domain === given.domain?.name
  ) : { username: String(given.name), password: "", domain: "any" };
  if (user === void 0) {
    return iamError(401, "IAM.0062", "The username or password is incorrect.");
  }
  const scope = auth?.scope?.project;
  const project = scope && findProject(cloud.projects, scope);
  if (scope !== void 0 && project === void 0) {
    return iamError(404, "IAM.0004", `Could not find project: ${scope.id ?? scope.name}.`);
  }
  const token = cloud.tokens.issue(user, project);
  const catalog = call.query.nocatalog ? [] : catalogOf(originOf(call), project);
  const body = describe(token, catalog);
  return { status: 201, headers: { "x-subject-token": token.text }, body };
}
function readRequest2(body) {
  try {
    const parsed = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : void 0;
  } catch {
    return void 0;
  }
}
function findProject(projects, { id, name }) {
  return projects.find((one) => id === void 0 ? one.name === name : one.id === id);
}
function describe({ user, project, issuedAt, expiresAt }, catalog) {
  const domain = { id: accountId(user.domain), name: user.domain };
  return {
    token: {
      methods: ["password"],
      issued_at: microseconds(issuedAt),
      expires_at: microseconds(expiresAt),
      // An empty text: the password never expires.
      user: { id: accountId(user.username), name: user.username, password_expires_at: "", domain },
      ...project === void 0 ? { domain } : { project: { id: project.id, name: project.name, domain } },
      roles: [{ id: "0", name: "te_admin" }],
      catalog
    }
  };
}
function catalogOf(origin, project) {
  const paths = [
    ["identity", "iam", "/v3"]
  ];
  if (project !== void 0) {
    paths.push(["dcsv1", "dcs", `/v1.0/${project.id}`], ["dmsv2", "dms", `/v2/${project.id}`]);
  }
  const region = project === void 0 ? "*" : regionOf(project);
  return paths.map(([type, name, path]) => {
    const place = type === "identity" ? "*" : region;
    const endpoint = { url: `${origin}${path}`, region: place, region_id: place };
    return {
      type,
      name,
      id: accountId(type),
      endpoints: [{ ...endpoint, interface: "public", id: accountId(`${type} endpoint`) }]
    };
  });
}
function microseconds(time) {
  return new Date(time).toISOString().replace("Z", "000Z");
}
function listProjects(cloud, call) {
  const { query, wire } = call;
  const origin = originOf(call);
  const home = homeOf(cloud);
  const { domain } = callerOf(cloud, call);
  const rows = cloud.projects.filter((project) => (project.domain ?? home) === domain).map((project) => projectRow(project, cloud, origin));
  const self = `${origin}${wire.path}${wire.query === "" ? "" : `?${wire.query}`}`;
  const links = { self, previous: null, next: null };
  if (wire.path.endsWith("/auth/projects")) return { status: 200, body: { projects: rows, links } };
  const page = readProjectPage(query);
  if ("parameter" in page) {
    return iamError(400, "IAM.0007", `Request parameter ${page.parameter} is invalid.`);
  }
  const projects = rows.filter((row) => FILTERS.every((name) => [void 0, String(row[name])].includes(query[name]))).slice(page.skip, page.skip + page.limit);
  return { status: 200, body: { projects, links } };
}
var FILTERS = ["name", "parent_id", "domain_id", "enabled"];
function projectRow(project, cloud, origin) {
  const account = accountId(project.domain ?? homeOf(cloud));
  const region = regionOf(project);
  const above = cloud.projects.find(({ id, name }) => name === region && id !== project.id);
  return {
    id: project.id,
    name: project.name,
    domain_id: account,
    parent_id: above?.id ?? account,
    description: "",
    enabled: project.enabled ?? true,
    is_domain: false,
    links: { self: `${origin}/v3/projects/${project.id}` }
  };
}
function regionOf({ name }) {
  return name.split("_")[0] ?? name;
}
function readProjectPage({
  page,
  per_page: perPage
}) {
  if (page === void 0 && perPage === void 0) return { skip: 0, limit: Infinity };
  const number = /^\d{1,9}$/.test(page ?? "") ? Number(page) : 0;
  const limit = /^\d{1,4}$/.test(perPage ?? "") ? Number(perPage) : 0;
  if (number < 1) return { parameter: "page" };
  if (limit < 1 || limit > 5e3) return { parameter: "per_page" };
  return { skip: (number - 1) * limit, limit };
}
function originOf({ wire }) {
  return `http://${wire.headers.host}`;
}

// lib/emulator/paging.ts
function readPage(query, dialect) {
  const limit = readInteger(query.limit, dialect.defaultLimit);
  if (!(limit >= 1 && limit <= dialect.maxLimit)) {
    return { parameter: "limit", reason: "limit-out-of-range" };
  }
  const position = readInteger(query[dialect.position], dialect.firstRow);
  if (!(position >= 0)) return { parameter: dialect.position, reason: "position-unreadable" };
  const skip = position - dialect.firstRow;
  if (skip < 0) return { parameter: dialect.position, reason: "position-below-first" };
  return { skip, limit };
}
function readInteger(text, whenAbsent) {
  if (text === void 0) return whenAbsent;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

// lib/emulator/instances-api.ts
function listInstances(cloud, call) {
  const { estate, switches, faults } = cloud;
  const { family, query, service, route } = call;
  if (service === void 0) return serviceError(family, "bad-query", switches, "engine");
  const page = readPage(query, SERVICES[service].instances);
  if ("reason" in page) {
    const problem = page.reason === "limit-out-of-range" ? "bad-limit" : "bad-offset";
    return serviceError(family, problem, switches, page.parameter);
  }
  const matching = estate.ofService(service, route.projectId ?? "").filter((instance) => matches(instance, family, query));
  const skip = faults.ignorePaging?.includes("list-instances") ? 0 : page.skip;
  if (family === "dms" && skip > 0 && skip >= matching.length) {
    return serviceError(family, "past-the-end", switches);
  }
  const limit = Math.min(page.limit, faults.shortPages ?? page.limit);
  const rows = matching.slice(skip, skip + limit).map(ROWS[family]);
  return { status: 200, body: { instance_num: matching.length, instances: rows } };
}
function matches({ id, name, status }, family, query) {
  const exact = family === "dcs" ? query.name_equal : query.exact_match_name;
  const wantedId = query.instance_id ?? query.id;
  if (wantedId !== void 0 && wantedId !== id) return false;
  if (query.status !== void 0 && query.status !== status) return false;
  if (query.name !== void 0) {
    const found = exact === "true" ? name === query.name : name.includes(query.name);
    if (!found) return false;
  }
  const failures = query.include_failure ?? query.includeFailure;
  return status !== "CREATEFAILED" || failures === "true";
}
var ROWS = {
  dcs: (instance) => ({
    ...commonColumns(instance),
    sub_status: "",
    capacity: 4,
    created_at: new Date(instance.createdAt).toISOString()
  }),
  dms: (instance) => ({
    ...commonColumns(instance),
    type: "cluster",
    // Epoch milliseconds as text, unlike every other time of this service.
    created_at: String(instance.createdAt)
  })
};
function commonColumns(instance) {
  const { id, name, status, engine, service } = instance;
  return {
    instance_id: id,
    name,
    status,
    engine,
    engine_version: SERVICES[service].engineVersion,
    port: SERVICES[service].port,
    resource_spec_code: "",
    charging_mode: 0,
    vpc_id: "3db5a1a6-4ae9-4b0f-b7a5-8c8a9d6a1d6f",
    vpc_name: "vpc-default",
    user_id: "0b01fbb53600d4671fa8c00673c71260",
    user_name: "ops",
    maintain_begin: "22:00:00",
    maintain_end: "02:00:00",
    enterprise_project_id: "0",
    tags: []
  };
}

// lib/emulator/task-row.ts
var RUNNING = ["CREATED", "WAITING", "EXECUTING"];
var made = 0;
function taskId() {
  made += 1;
  return `ff8080818f0a1b01${made.toString(16).padStart(16, "0")}`;
}

// lib/emulator/time-filter.ts
function readTimeRange(query, service, switches) {
  const [, toName] = SERVICES[service].timeNames;
  const fromName = lowerBoundNames(service, switches).find((name) => query[name] !== void 0);
  const fromText = fromName === void 0 ? void 0 : query[fromName];
  const toText = query[toName];
  if (fromText === void 0 && toText === void 0) return void 0;
  const from = fromText === void 0 ? Number.NEGATIVE_INFINITY : parseCompactTime(fromText);
  const to = toText === void 0 ? Number.POSITIVE_INFINITY : parseCompactTime(toText);
  if (Number.isNaN(from)) return { unreadable: fromName };
  if (Number.isNaN(to)) return { unreadable: toName };
  return { from, to };
}
function lowerBoundNames(service, switches) {
  if (service !== "dcs") return [SERVICES[service].timeNames[0]];
  return switches.dcsTimeNames === "both" ? ["start_time", "begin_time"] : [switches.dcsTimeNames];
}
function parseCompactTime(text) {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(iso);
  return !Number.isNaN(time) && new Date(time).toISOString() === iso ? time : Number.NaN;
}

// lib/emulator/tasks-api.ts
function listTasks(cloud, call, entry) {
  const { family, query } = call;
  const { switches, faults } = cloud;
  const instance = instanceOf(cloud, call);
  if (!("table" in instance)) return instance;
  const traits = SERVICES[instance.service];
  const range = readTimeRange(query, instance.service, switches);
  if (range !== void 0 && "unreadable" in range) {
    return serviceError(family, "bad-query", switches, range.unreadable);
  }
  const page = readPage(query, traits.tasks);
  if ("reason" in page) {
    if (page.reason === "limit-out-of-range") {
      return serviceError(family, "bad-limit", switches, page.parameter);
    }
    const isZero = page.reason === "position-below-first" && switches.startZero === "empty-page";
    if (!isZero) return serviceError(family, "bad-query", switches, page.parameter);
    return listAnswer(instance, instance.table.page(0, 0, range).total, [], cloud, entry);
  }
  const skip = faults.ignorePaging?.includes("list-tasks") ? 0 : page.skip;
  const limit = Math.min(page.limit, faults.shortPages ?? page.limit);
  const { total, rows } = instance.table.page(skip, limit, range);
  const refusesEnd = switches.pastTheEnd === 400 && traits.tasks.position === "start";
  if (refusesEnd && skip > 0 && skip >= total) {
    return serviceError(family, "past-the-end", switches, traits.tasks.position);
  }
  return listAnswer(instance, total, rows, cloud, entry);
}
function listAnswer({ service }, total, tasks, { faults }, entry) {
  const truth = SERVICES[service].taskCount === "string" ? String(total) : total;
  const count = faults.taskCount === void 0 ? truth : faults.taskCount(total, entry);
  return { status: 200, body: { task_count: count, tasks } };
}
function showTask(cloud, call) {
  const instance = instanceOf(cloud, call);
  if (!("table" in instance)) return instance;
  if (!SERVICES[instance.service].showsOneTask) {
    return serviceError(call.family, "method-not-allowed", cloud.switches);
  }
  const row = taskOfCall(instance, cloud, call);
  if ("missing" in row) return row.missing;
  return { status: 200, body: { task_count: "1", tasks: [row.found] } };
}
function deleteTask(cloud, call) {
  const { switches } = cloud;
  const instance = instanceOf(cloud, call);
  if (!("table" in instance)) return instance;
  const row = taskOfCall(instance, cloud, call);
  if ("missing" in row) return row.missing;
  const { id, status } = row.found;
  if (RUNNING.includes(status)) {
    const { runningDelete } = switches;
    if (runningDelete === "ignored") return { status: 204 };
    if (runningDelete !== "deleted") return serviceError(call.family, runningDelete, switches);
  }
  if (switches.deletedRows === "stay") instance.table.mark(id, "DELETED");
  else instance.table.remove(id);
  return { ...deleteAnswer(instance, cloud), deleted: true };
}
function deleteAnswer({ service }, { switches }) {
  if (service === "dcs-v1") return { status: 200 };
  if (service === "dcs" && switches.dcsDeleteAnswer === 200) {
    return { status: 200, body: { message: "" } };
  }
  return { status: 204 };
}
function instanceOf(cloud, call) {
  const { version = "", projectId = "", instanceId = "" } = call.route;
  const instance = cloud.estate.find(instanceId, projectId, version);
  if (instance !== void 0 && SERVICES[instance.service].family === call.family) return instance;
  const problem = isUuid(instanceId) ? "instance-not-found" : "bad-instance-id";
  return serviceError(call.family, problem, cloud.switches);
}
function taskOfCall(instance, { switches }, { family, route }) {
  const { taskId: taskId2 = "" } = route;
  const found = instance.table.get(taskId2);
  if (found !== void 0 && found.status !== "DELETED") return { found };
  const wellFormed = found !== void 0 || isHexId(taskId2);
  if (!wellFormed) return { missing: serviceError(family, "bad-task-id", switches) };
  return { missing: taskNotFound(family, switches) };
}

// lib/emulator/progress-api.ts
var SCALING = /extend|expan|resize|scal/i;
var STEP_STATUS = {
  dcs: { waiting: "WAITING", running: "EXECUTING", failed: "FAILED", finished: "FINISH" },
  dms: { waiting: "WAITING", running: "IN_PROGRESS", failed: "FAILED", finished: "COMPLETED" }
};
var PERCENT = {
  waiting: 0,
  running: 50,
  failed: 50,
  finished: 100
};
var REMAINING_SECONDS = {
  waiting: 600,
  running: 300,
  failed: 0,
  finished: 0
};
function showProgress(cloud, call) {
  const { switches } = cloud;
  const instance = instanceOf(cloud, call);
  if (!("table" in instance)) return instance;
  const { family, showsProgress } = SERVICES[instance.service];
  if (!showsProgress) {
    return gatewayError(404, "0101", "The API does not exist", switches, call.requestId);
  }
  const row = taskOfCall(instance, cloud, call);
  if ("missing" in row) return row.missing;
  if (family === "dms" && !SCALING.test(String(row.found.name))) return noProgress();
  return { status: 200, body: BODIES[family](row.found, stageOf(row.found)) };
}
function stageOf({ status }) {
  if (status === "SUCCESS") return "finished";
  if (!RUNNING.includes(status)) return "failed";
  return status === "EXECUTING" ? "running" : "waiting";
}
var BODIES = {
  dcs: (row, stage) => ({
    progress: PERCENT[stage],
    remain_time: REMAINING_SECONDS[stage],
    step_details: [
      {
        step_id: row.id,
        step_name: row.name,
        step_status: STEP_STATUS.dcs[stage],
        begin_time: stage === "waiting" ? "" : spaced(row.created_at),
        end_time: isOver(stage) ? spaced(row.updated_at) : "",
        error_code: row.error_code ?? "",
        sub_step_details: []
      }
    ]
  }),
  dms: (row, stage) => ({
    progress_percentage: PERCENT[stage],
    remain_time: REMAINING_SECONDS[stage],
    step_list: [
      {
        name: row.name,
        // The vendor's own spelling, in its pages, definitions and examples.
        statue: STEP_STATUS.dms[stage],
        start_time: stage === "waiting" ? 0 : milliseconds(row.created_at),
        end_time: isOver(stage) ? milliseconds(row.updated_at) : 0
      }
    ]
  })
};
function isOver(stage) {
  return stage === "failed" || stage === "finished";
}
function spaced(time) {
  const at = milliseconds(time);
  return at === 0 ? "" : new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
function milliseconds(time) {
  return Date.parse(String(time)) || 0;
}

// lib/emulator/gateway.ts
async function serve(cloud, call, entry, { intercept, sleep }) {
  const { switches, faults } = cloud;
  if (call.route.operation === "unknown" && !call.route.wrongMethod) {
    const text = "The API does not exist or has not been published in the environment";
    const answer = gatewayError(404, "0101", text, switches, call.requestId);
    return conclude(entry, answer);
  }
  const refusal = refuseAccess(cloud, call) ?? refuseCall(cloud, call);
  if (refusal !== void 0) return conclude(entry, refusal);
  const intercepted = await intercept(entry);
  const context = {
    faults,
    switches,
    family: call.family,
    now: cloud.now,
    requestId: call.requestId,
    page: pageNumber(call)
  };
  const fault = intercepted ?? faultFor(entry, context);
  const delay = latencyOf(entry, faults) + (fault?.delayMs ?? 0);
  if (delay > 0) await sleep(delay);
  if (fault === void 0) return conclude(entry, operate(cloud, call, entry));
  return conclude(
    entry,
    strike(fault, () => operate(cloud, call, entry), entry),
    fault
  );
}
function strike(fault, work, entry) {
  const replaces = fault.status !== void 0 || fault.reset === true || fault.hang === true;
  const real = !replaces || fault.afterwards === true ? work() : { status: 0 };
  entry.deleted = real.deleted === true;
  const headers = { ...real.headers, ...fault.headers };
  if (fault.status !== void 0)
    return { ...real, status: fault.status, headers, body: fault.body };
  const body = "body" in fault ? fault.body : real.body;
  const rewritten = fault.rewrite === void 0 ? body : fault.rewrite(body);
  const status = real.status === 204 && rewritten !== void 0 ? 200 : real.status;
  return { ...real, status, headers, body: rewritten };
}
function conclude(entry, answer, fault = {}) {
  if (answer.deleted === true) entry.deleted = true;
  const connection = connectionUnder(fault);
  if (connection === "answer" || connection === "cut-off") {
    entry.status = answer.status;
    const code = errorCodeOf(answer.body);
    if (code !== void 0) entry.errorCode = code;
  }
  return { answer, connection };
}
function connectionUnder(fault) {
  if (fault.reset) return "reset";
  if (fault.hang) return "hang";
  return fault.cutOff ? "cut-off" : "answer";
}
function refuseCall({ estate, switches }, { route, family }) {
  if (route.wrongMethod) return serviceError(family, "method-not-allowed", switches);
  const { projectId } = route;
  const wellFormed = projectId === void 0 || isHexId(projectId) || isUuid(projectId);
  if (wellFormed || estate.hasProject(projectId)) return void 0;
  return serviceError(family, "bad-project-id", switches);
}
function operate(cloud, call, entry) {
  switch (call.route.operation) {
    case "list-instances":
      return listInstances(cloud, call);
    case "list-tasks":
      return listTasks(cloud, call, entry);
    case "show-task":
      return showTask(cloud, call);
    case "task-progress":
      return showProgress(cloud, call);
    case "delete-task":
      return deleteTask(cloud, call);
    case "token":
      return issueToken(cloud, call);
    case "projects":
      return listProjects(cloud, call);
    case "agency":
      return assumeAgency(cloud, call);
    case "unknown":
      throw new Error("an unknown operation is answered before it gets here");
  }
}
function pageNumber({ route, service, query }) {
  if (service === void 0) return void 0;
  const { operation } = route;
  if (operation !== "list-tasks" && operation !== "list-instances") return void 0;
  const traits = SERVICES[service];
  const page = readPage(query, operation === "list-tasks" ? traits.tasks : traits.instances);
  return "reason" in page ? void 0 : Math.floor(page.skip / page.limit) + 1;
}

// lib/emulator/journal.ts
var Journal = class {
  #entries = [];
  #capacity;
  #inFlight = 0;
  #peakInFlight = 0;
  /** With a capacity only about that many of the newest entries are held, to bound memory. */
  constructor(capacity = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
  }
  /** Used by the emulator: a request came in. */
  open(entry) {
    this.#inFlight += 1;
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight);
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#capacity) {
      this.#entries = this.#entries.slice(-this.#capacity);
    }
  }
  /** Used by the emulator: the request is answered, or its connection is gone. */
  settle() {
    this.#inFlight -= 1;
  }
  /** Requests that are being worked on at this moment. */
  get inFlight() {
    return this.#inFlight;
  }
  /** The most that were ever in flight at once. */
  get peakInFlight() {
    return this.#peakInFlight;
  }
  all() {
    return [...this.#entries];
  }
  /** The entries that match, in order. */
  filter(filter) {
    return this.#entries.filter(matcher(filter));
  }
  count(filter = {}) {
    const matches2 = matcher(filter);
    let count = 0;
    for (const entry of this.#entries) if (matches2(entry)) count += 1;
    return count;
  }
  /** Every DELETE of a task, whatever its answer. */
  deletes() {
    return this.filter({ operation: "delete-task" });
  }
  /** Ids of the records that requests took away, in order. */
  deletedIds() {
    return this.filter({ deleted: true }).flatMap(({ taskId: taskId2 }) => taskId2 ?? []);
  }
  /** Forgets what was, for a test with several acts. */
  clear() {
    this.#entries = [];
    this.#peakInFlight = this.#inFlight;
  }
};
function matcher(filter) {
  if (typeof filter === "function") return filter;
  const wanted = Object.entries(filter);
  return (entry) => wanted.every(([key, value]) => entry[key] === value);
}

// lib/emulator/reading.ts
function readCall(message, body, requestId, estate, fallback) {
  const { method = "GET", url = "/" } = message;
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const rawQuery = mark === -1 ? "" : url.slice(mark + 1);
  const query = {};
  for (const [name, value] of parseQuery(rawQuery)) query[name] ??= value;
  const headers = message.headers;
  const host = hostOf(headers.host);
  const route = servedAt(host, routeOf(method, path));
  const family = host === "dcs" || host === "dms" ? host : familyOf(route, query, estate, fallback);
  return {
    wire: { method, path, query: rawQuery, headers, body },
    route,
    query,
    body: body.toString("utf8"),
    requestId,
    service: serviceOf(route, query, estate, family),
    family
  };
}
function hostOf(name = "") {
  return /^(dcs|dms|iam)\./.exec(name)?.[1];
}
function serviceOf(route, query, estate, family) {
  if (route.version === void 0) return void 0;
  if (route.version === "v1.0") return "dcs-v1";
  if (route.instanceId !== void 0) {
    const service = estate.serviceOf(route.instanceId);
    return service !== void 0 && SERVICES[service].family === family ? service : void 0;
  }
  if (family === "dcs") return "dcs";
  return query.engine === void 0 ? void 0 : serviceOfEngine(query.engine);
}
function familyOf(route, query, estate, fallback) {
  if (route.version === "v1.0") return "dcs";
  const service = route.instanceId === void 0 ? void 0 : estate.serviceOf(route.instanceId);
  if (service !== void 0) return SERVICES[service].family;
  return familyOfDialect(route, query) ?? familyOfProject(route, estate) ?? fallback;
}
var DIALECT = {
  "list-instances": { dcs: ["name_equal"], dms: ["engine", "exact_match_name"] },
  "list-tasks": { dcs: ["start_time"], dms: ["start"] }
};
function familyOfDialect({ operation }, query) {
  if (operation === "show-task") return "dms";
  const names = DIALECT[operation];
  const speaks = (family) => names?.[family].some((name) => query[name] !== void 0);
  if (speaks("dms")) return "dms";
  return speaks("dcs") ? "dcs" : void 0;
}
function familyOfProject({ projectId }, estate) {
  const instances = estate.all().filter((one) => one.projectId === projectId);
  const [only, other] = new Set(instances.map((one) => SERVICES[one.service].family));
  return other === void 0 ? only : void 0;
}

// lib/emulator/server.ts
import { once } from "node:events";
import { createServer } from "node:http";
var NOTHING = Buffer.alloc(0);
var KEEP_ALIVE_MS = 10 * 60 * 1e3;
async function listen(port, respond) {
  const server = createServer((message, response) => {
    exchange(message, response, respond).catch((error) => {
      if (!response.headersSent) response.writeHead(599, { "content-type": "text/plain" });
      response.end(error instanceof Error ? error.stack ?? error.message : String(error));
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await open(server, port);
  const { port: taken } = server.address();
  return { port: taken, reopen: () => open(server, taken), close: () => shut(server) };
}
async function open(server, port) {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
async function shut(server) {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
async function exchange(message, response, respond) {
  message.on("error", () => {
  });
  response.on("error", () => {
  });
  const { answer, connection } = await respond(message, await readBody(message));
  const { socket } = message;
  if (connection === "hang") return;
  if (connection === "reset") {
    socket.resetAndDestroy();
    return;
  }
  const { status, body } = answer;
  const headers = { server: "api-gateway", ...answer.headers };
  if (body === void 0) {
    if (status !== 204) headers["content-length"] = "0";
    response.writeHead(status, headers).end();
    return;
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  headers["content-type"] ??= "application/json";
  headers["content-length"] = String(Buffer.byteLength(text));
  response.writeHead(status, headers);
  if (connection === "cut-off") {
    response.write(text.slice(0, text.length / 2), () => socket.destroy());
    return;
  }
  response.end(text);
}
async function readBody(message) {
  const { "content-length": length, "transfer-encoding": encoding } = message.headers;
  if (encoding === void 0 && (length === void 0 || length === "0")) return NOTHING;
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// lib/emulator/switches.ts
var DEFAULT_SWITCHES = {
  dcsDeleteAnswer: 200,
  runningDelete: "task-running",
  taskNotFound: 404,
  startZero: "empty-page",
  pastTheEnd: "empty-page",
  dcsTimeNames: "both",
  throttleAnswer: "gateway-429",
  deletedRows: "disappear",
  dcsCodes: "named",
  gatewayPrefix: "APIGW",
  authentication: "any",
  expiredToken: "token-must-be-updated"
};

// lib/emulator/temporary-keys.ts
import { randomBytes } from "node:crypto";
var TemporaryKeys = class {
  #keys = /* @__PURE__ */ new Map();
  #now;
  constructor(now2) {
    this.#now = now2;
  }
  issue(domain, lifetimeMs) {
    const key = {
      accessKey: `HST${randomBytes(9).toString("hex").toUpperCase().slice(0, 17)}`,
      secretKey: randomBytes(20).toString("hex"),
      securityToken: `ggp${randomBytes(48).toString("base64url")}`,
      domain,
      expiresAt: this.#now() + lifetimeMs
    };
    this.#keys.set(key.accessKey, key);
    return key;
  }
  find(accessKey) {
    return this.#keys.get(accessKey);
  }
  hasExpired(key) {
    return this.#now() >= key.expiresAt;
  }
  /** Makes every key that was issued until now expire at once. */
  expireAll() {
    const now2 = this.#now();
    for (const key of this.#keys.values()) key.expiresAt = Math.min(key.expiresAt, now2);
  }
};

// lib/emulator/timers.ts
var Timers = class {
  #pending = /* @__PURE__ */ new Set();
  /** Resolves after so many milliseconds; never, once all were given up. */
  sleep = (milliseconds2) => new Promise((resolve) => {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      resolve();
    }, milliseconds2);
    this.#pending.add(timer);
  });
  giveUp() {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
};

// lib/emulator/tokens.ts
import { randomBytes as randomBytes2 } from "node:crypto";
var TokenStore = class {
  #tokens = /* @__PURE__ */ new Map();
  #now;
  #lifetimeMs;
  constructor(now2, lifetimeMs) {
    this.#now = now2;
    this.#lifetimeMs = lifetimeMs;
  }
  issue(user, project) {
    const issuedAt = this.#now();
    const text = `MII${randomBytes2(48).toString("base64url")}`;
    const token = { text, user, project, issuedAt, expiresAt: issuedAt + this.#lifetimeMs };
    this.#tokens.set(text, token);
    return token;
  }
  look(text) {
    const token = this.#tokens.get(text);
    if (token === void 0) return { state: "unknown" };
    return this.#now() < token.expiresAt ? { state: "valid", token } : { state: "expired" };
  }
  /** Makes every token that was issued until now expire at once. */
  expireAll() {
    const now2 = this.#now();
    for (const token of this.#tokens.values()) token.expiresAt = Math.min(token.expiresAt, now2);
  }
};

// lib/emulator/demo-estate.ts
var MINUTE_MS = 6e4;
var DAY_MS = 24 * 60 * MINUTE_MS;
var REDIS_NAMES = [
  ["EXTEND", 3],
  ["UpdatePort", 1],
  ["AddWhitelist", 4],
  ["AddReplica", 1],
  ["masterStandbySwapJob", 2]
];
var TASK_NAMES = {
  dcs: REDIS_NAMES,
  "dcs-v1": [["ChangeInstanceSpec", 2], ...REDIS_NAMES],
  kafka: [
    ["kafkaConfigModify", 3],
    ["kafkaResetConsumerOffset", 5],
    ["modifyAutoTopic", 2],
    ["changeRetentionPolicy", 1],
    ["bindInstancePublicIp", 1]
  ],
  rabbitmq: [
    ["bindInstancePublicIp", 1],
    ["unbindInstancePublicIp", 1]
  ],
  rocketmq: [
    ["bindInstancePublicIp", 1],
    ["unbindInstancePublicIp", 1]
  ]
};

// lib/emulator/index.ts
var DAY_MS2 = 24 * 60 * 60 * 1e3;
async function startEmulator(options = {}) {
  const now2 = options.now ?? Date.now;
  const faults = { ...options.faults };
  faults.latency ??= options.latencyMs ?? 0;
  const cloud = {
    estate: new Estate(DEMO_PROJECT_ID, now2),
    switches: { ...DEFAULT_SWITCHES, ...options.switches },
    faults,
    accessKeys: [...options.accessKeys ?? [DEMO_ACCESS_KEY]],
    users: [...options.users ?? [DEMO_USER]],
    projects: [...options.projects ?? [{ id: DEMO_PROJECT_ID, name: DEMO_REGION }]],
    agencies: [...options.agencies ?? []],
    temporaryKeys: new TemporaryKeys(now2),
    tokens: new TokenStore(now2, options.tokenLifetimeMs ?? DAY_MS2),
    now: now2,
    verify: options.verify ?? true
  };
  const journal = new Journal(options.journalCapacity);
  const timers = new Timers();
  let served = 0;
  const respond = async (message, body) => {
    served += 1;
    const requestId = served.toString(16).padStart(32, "0");
    const call = readCall(message, body, requestId, cloud.estate, options.host ?? "dcs");
    const entry = entryOf(call, now2());
    journal.open(entry);
    const settle = settleOnce(journal);
    message.socket.once("close", settle);
    let outcome;
    try {
      outcome = await serve(cloud, call, entry, {
        intercept: (seen) => emulator2.intercept?.(seen, emulator2),
        sleep: options.sleep ?? timers.sleep
      });
    } finally {
      if (outcome?.connection !== "hang") {
        message.socket.off("close", settle);
        settle();
      }
    }
    outcome.answer.headers = {
      ...outcome.answer.headers,
      // By its own clock, as a real server: a client can tell how far apart the two are.
      date: new Date(now2()).toUTCString(),
      "x-request-id": requestId
    };
    return outcome;
  };
  const server = await listen(options.port ?? 0, respond);
  const stop = async () => {
    timers.giveUp();
    await server.close();
  };
  const emulator2 = {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    journal,
    switches: cloud.switches,
    faults,
    accessKeys: cloud.accessKeys,
    users: cloud.users,
    projects: cloud.projects,
    agencies: cloud.agencies,
    intercept: options.intercept,
    addInstance: (seed) => cloud.estate.add(seed),
    removeInstance: (id) => cloud.estate.remove(id),
    instances: () => cloud.estate.all(),
    expireTokens: () => cloud.tokens.expireAll(),
    expireTemporaryKeys: () => cloud.temporaryKeys.expireAll(),
    suspend: stop,
    resume: server.reopen,
    close: stop
  };
  return emulator2;
}
function settleOnce(journal) {
  let settled = false;
  return () => {
    if (!settled) journal.settle();
    settled = true;
  };
}
function entryOf({ wire, route, query, body, service }, at) {
  const { operation, projectId, instanceId, taskId: taskId2 } = route;
  return {
    method: wire.method,
    path: wire.path,
    query,
    headers: wire.headers,
    body,
    operation,
    ...service === void 0 ? {} : { service },
    ...projectId === void 0 ? {} : { projectId },
    ...instanceId === void 0 ? {} : { instanceId },
    ...taskId2 === void 0 ? {} : { taskId: taskId2 },
    at,
    status: 0,
    deleted: false
  };
}

// test/bench/estate.ts
var KEEP_FOR_DAYS = 30;
var DAY_MS3 = 864e5;
var NAMES = `EXTEND bindInstancePublicIp unbindInstancePublicIp masterStandbySwapJob
UpdateInstanceConfig UpdateWhitelist RestartInstance BackupInstance RestoreInstance ChangePassword
CreateTopic FlushDatabase`.split(/\s/);
var USERS = ["ops-anna", "ops-ben", "terraform", "ci-deploy", "admin"];
function recordsOf(size, expiredShare, now2) {
  const young = size - Math.round(size * expiredShare);
  return Array.from({ length: size }, (_, place) => {
    const days = place < young ? place / size * (KEEP_FOR_DAYS - 1) : KEEP_FOR_DAYS + 1 + place / size;
    const at = now2 - Math.round(days * DAY_MS3);
    return {
      id: taskId(),
      name: NAMES[place % NAMES.length],
      user_name: USERS[place % USERS.length],
      user_id: "0b01fbb53600d4671fa8c00673c71260",
      status: place % 10 === 9 ? "FAILED" : "SUCCESS",
      created_at: new Date(at - 9e4).toISOString(),
      updated_at: new Date(at).toISOString()
    };
  });
}
function policyText({ url, service, concurrency }) {
  return `version: 1
dryRun: false
targets:
  - name: bench
    cloud: otc
    service: ${service}
    region: eu-de
    projectId: ${DEMO_PROJECT_ID}
    endpoint: ${url}
    requests: { concurrency: ${concurrency} }
    keepFor: P${KEEP_FOR_DAYS}D
    rules:
      - name: failures-stay-longer
        match: { statuses: [FAILED], tasks: ['Restore*'] }
        keepFor: P${KEEP_FOR_DAYS}D
`;
}
var ENV = {
  PATH: process.env.PATH,
  HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
  HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey
};

// test/zz-mem-server.ts
import { writeFileSync } from "node:fs";
var emulator = await startEmulator({ host: "dcs", latencyMs: 0, faults: {} });
var now = Date.now();
var n = Number(process.argv[2] ?? 1e3);
for (let i = 0; i < n; i += 1) emulator.addInstance({ service: "dcs", tasks: recordsOf(1e3 + (i % 2 ? 100 : -100), 0.05, now) });
writeFileSync("/tmp/mem/bench.yml", policyText({ url: emulator.url, service: "dcs", concurrency: 8 }));
writeFileSync("/tmp/mem/env", `export HUAWEICLOUD_SDK_AK=${DEMO_ACCESS_KEY.accessKey} HUAWEICLOUD_SDK_SK=${DEMO_ACCESS_KEY.secretKey}
`);
console.log("ready", emulator.url);
