import { readTextFile } from '../lib/files/text-file.ts';
import { SettingsError } from '../lib/run/settings.ts';

/**
 * Reads the policy that was packaged with the function.
 * @throws {SettingsError} where it is not there; {TextFileError} where it is no text.
 */
export async function readPolicy(file: string): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EISDIR') throw error;
    throw new SettingsError(
      `the policy ${file} is not in the function’s package: correct the parameter policy in serverless.yml (POLICY_FILE), and deploy again`,
    );
  }
}
