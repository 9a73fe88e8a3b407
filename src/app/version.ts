// Which release this is: part of a run's plan and of /health.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface PackageFile {
  readonly version: string;
}

/** The version of package.json. */
export const CODE_VERSION = (
  JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as PackageFile
).version;
