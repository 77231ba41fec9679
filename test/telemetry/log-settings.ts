/** Removes the log settings of the person who runs the tests from this file's environment. */
export function forgetLogSettings(): void {
  for (const name of Object.keys(process.env)) {
    if (/^POWERTOOLS_|^(AWS_LAMBDA_)?LOG_LEVEL$/.test(name)) delete process.env[name];
  }
}
