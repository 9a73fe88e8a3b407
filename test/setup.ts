// Real traces are never shipped: tests that need them read SLACKWATER_TEST_DATA and else say so.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const beside = resolve(__dirname, '../../shared/data');
if (process.env.SLACKWATER_TEST_DATA === undefined && existsSync(beside)) {
  process.env.SLACKWATER_TEST_DATA = beside;
}
