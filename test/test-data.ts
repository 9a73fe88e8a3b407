// Tests on real traces: run where the data is, and say that they were skipped where it is not.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Full path of a file of the open data, or undefined where it is absent. */
export function testData(path: string): string | undefined {
  const root = process.env.SLACKWATER_TEST_DATA;
  const full = root === undefined ? undefined : join(root, path);
  return full !== undefined && existsSync(full) ? full : undefined;
}

/** `describe` with the path of real data; skipped, with the reason in its name, without it. */
export function describeWithData(name: string, path: string, body: (file: string) => void): void {
  const file = testData(path);
  if (file === undefined) {
    describe.skip(`${name} (no ${path} under SLACKWATER_TEST_DATA)`, () => body(''));
  } else {
    describe(name, () => body(file));
  }
}
