#!/usr/bin/env node
// The `slackwater` command.
import { Command } from 'commander';
import { registerAdvise } from './app/commands/advise';
import { registerBacktest } from './app/commands/backtest';
import { registerBench } from './app/commands/bench';
import { registerConfig } from './app/commands/config';
import { registerCalendars } from './app/commands/calendars';
import { registerFeed } from './app/commands/feed';
import { registerOutcomes } from './app/commands/outcomes';
import { registerDemo } from './app/commands/demo';
import { registerDoctor } from './app/commands/doctor';
import { registerDrain } from './app/commands/drain';
import { registerExecute } from './app/commands/execute';
import { registerGenerate } from './app/commands/generate';
import { registerHindsight } from './app/commands/hindsight';
import { registerMigrationCost } from './app/commands/migration-cost';
import { registerModels } from './app/commands/models';
import { registerModelsExport } from './app/commands/models-export';
import { registerRun } from './app/commands/run';
import { registerRuns } from './app/commands/runs';
import { registerTrain } from './app/commands/train';
import { registerUpgrade } from './app/commands/upgrade';
import { registerVm } from './app/commands/vm';
import { registerWindows } from './app/commands/windows';
import { reportFailure } from './app/report-failure';
import { CODE_VERSION } from './app/version';

const USAGE = 2; // an unknown option or a missing value is bad input

const program = new Command('slackwater')
  .description('Forecasts VM load every night and hands out ranked live-migration windows.')
  .version(CODE_VERSION)
  .showSuggestionAfterError(true)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE));

registerRun(program);
registerBacktest(program);
registerTrain(program);
registerModels(program);
registerModelsExport(program);
registerMigrationCost(program);
registerGenerate(program);
registerDoctor(program);
registerDemo(program);
registerVm(program);
registerWindows(program);
registerRuns(program);
registerHindsight(program);
registerDrain(program);
registerUpgrade(program);
registerAdvise(program);
registerExecute(program);
registerCalendars(program);
registerFeed(program);
registerOutcomes(program);
registerConfig(program);
registerBench(program);

program.parseAsync().catch((error: unknown) => {
  process.exitCode = reportFailure(error);
});
