/** Takes the log's settings of whoever runs the tests out of the environment of this test file. */
export function forgetLogSettings(): void {
  for (const name of Object.keys(process.env)) {
    if (/^POWERTOOLS_|^(AWS_LAMBDA_)?LOG_LEVEL$/.test(name)) delete process.env[name];
  }
}
