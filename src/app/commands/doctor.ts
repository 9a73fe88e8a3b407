// `slackwater doctor`: every server and the machine, each with what was found and what to do.
import type { Command } from 'commander';
import { readConfig } from '../../config';
import type { Check } from '../doctor/check';
import { checkMachine } from '../doctor/check-machine';
import { checkKafka, checkPostgres, checkRedis } from '../doctor/check-servers';

const MARKS = { ok: 'ok', warning: 'WARNING', failed: 'FAILED' } as const;

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the machine and every configured server')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(doctor);
}

async function doctor(options: { readonly output: string }): Promise<void> {
  const config = readConfig(process.env);
  const { DATABASE_URL, REDIS_URL, KAFKA_BROKERS } = config;
  const topics = [config.KAFKA_SAMPLE_TOPIC, config.KAFKA_WINDOW_TOPIC, config.KAFKA_OUTCOME_TOPIC];
  const checks: readonly Check[] = [
    ...checkMachine(config.DATA_DIR),
    ...(DATABASE_URL === undefined ? [] : await checkPostgres(DATABASE_URL)),
    ...(REDIS_URL === undefined ? [] : await checkRedis(REDIS_URL)),
    ...(KAFKA_BROKERS === undefined ? [] : await checkKafka(KAFKA_BROKERS, topics)),
  ];
  const well = checks.every((check) => check.verdict !== 'failed');
  if (options.output === 'json') process.stdout.write(`${JSON.stringify({ well, checks })}\n`);
  else for (const check of checks) printCheck(check);
  if (!well) process.exitCode = 1;
}

function printCheck({ subject, verdict, finding, remedy }: Check): void {
  const end = remedy === undefined ? '' : ` ${remedy}`;
  process.stdout.write(`${MARKS[verdict].padEnd(8)} ${subject.padEnd(26)} ${finding}.${end}\n`);
}
