// The card of a version: where it comes from, how wrong it is and for whom, and what it cannot do.
import { formatInstant } from '../../core';
import type { ModelErrors } from './measure-models';
import type { ErrorSummary, MeasuredSpan } from './model-metrics';
import type { ModelArtefact, ModelVersion } from './model-registry';
import { summariseErrors } from './summarise-errors';
import { VM_CLASSES } from './vm-classes';

export interface CardBlock {
  /** Leads, 1-based. */
  readonly from: number;
  readonly to: number;
  readonly models: readonly ErrorSummary[];
}

export interface CardClass {
  readonly name: string;
  readonly rule: string;
  readonly vms: number;
  /** All leads of a day last. */
  readonly blocks: readonly CardBlock[];
}

type About = Omit<ModelVersion, 'metrics' | 'artefacts' | 'card' | 'cardText' | 'errors'>;

export interface ModelCard extends About {
  readonly schema: 'slackwater.model-card.v1';
  /** What the errors were measured with: the artefact that had not learned those nights. */
  readonly measuredWith: Pick<ModelArtefact, 'purpose' | 'untilMs'>;
  readonly measured: MeasuredSpan;
  /** The whole fleet first. */
  readonly classes: readonly CardClass[];
  readonly limits: readonly string[];
}

/** `errors`: of the version under its name, and of the baselines. `classes`: by row. */
export function modelCard(
  about: About,
  measuredWith: ModelCard['measuredWith'],
  errors: ModelErrors,
  classes: readonly string[],
): ModelCard {
  const { origins, seriesCount } = errors;
  const rowsOf = (name: string): readonly number[] =>
    classes.flatMap((one, row) => (one === name ? [row] : []));
  const known = VM_CLASSES.map((one) => ({ ...one, rows: rowsOf(one.name) }));
  const everyRow = { name: 'all', rule: 'every VM', rows: classes.map((_, row) => row) };
  return {
    schema: 'slackwater.model-card.v1',
    ...about,
    measuredWith,
    measured: {
      firstOriginMs: origins[0],
      lastOriginMs: origins[origins.length - 1],
      origins: origins.length,
      vms: seriesCount,
    },
    classes: [everyRow, ...known]
      .filter(({ rows }) => rows.length > 0)
      .map(({ name, rule, rows }) => ({
        name,
        rule,
        vms: rows.length,
        blocks: blocksOf(errors, rows),
      })),
    limits: limitsOf(about),
  };
}

function blocksOf(errors: ModelErrors, series: readonly number[]): readonly CardBlock[] {
  const day = { from: 1, to: errors.blocks[errors.blocks.length - 1].to };
  return [
    ...errors.blocks.map(({ from, to }, block) => ({
      from,
      to,
      models: summariseErrors(errors, { series, block }),
    })),
    { ...day, models: summariseErrors(errors, { series }) },
  ];
}

function limitsOf({ horizon, stepSec, series }: About): readonly string[] {
  const days = (horizon * stepSec) / 86_400;
  return [
    `Forecasts at most ${horizon} steps of ${stepSec} s (${days} days); a longer horizon is refused.`,
    'A VM with less than two days of known values gets its last value instead, and is reported.',
    `It learned from at most ${series} VMs of this fleet; on another fleet it loses most of what it gains.`,
    'Errors are of the first day; later leads are forecast but were not measured.',
    'Loads outside 0 to 400 % are cut.',
    'Batch jobs without a rhythm are not foreseen: see the 95 % quantile, not the median.',
  ];
}

const HEAD =
  '| leads | model | pinball, points | MAE, points | inside 5 to 95 % | against seasonal naive |\n' +
  '|---|---|---|---|---|---|\n';

/** The same as Markdown. */
export function modelCardText(card: ModelCard): string {
  const { name, stepSec, modelId, series, fromMs, untilMs, seed, codeVersion, measured } = card;
  const span = (from: number, to: number): string =>
    `${formatInstant(from)} to ${formatInstant(to)}`;
  const { firstOriginMs, lastOriginMs, origins, vms } = measured;
  const parts = [
    `# Model ${name}, step ${stepSec} s\n`,
    `Version \`${modelId}\`. Learned from ${series} VMs, ${span(fromMs, untilMs)}, seed ${seed}, ` +
      `code ${codeVersion}, kernels ${card.backend}/${card.isa}.\n`,
    `Errors: ${origins} nights, ${span(firstOriginMs, lastOriginMs)}, ${vms} VMs, measured with the ` +
      `${card.measuredWith.purpose} model, which ends ${formatInstant(card.measuredWith.untilMs)}: ` +
      `it had not learned those nights.\n`,
    ...card.classes.map(
      (one) => `## ${one.name}: ${one.vms} VMs, ${one.rule}\n\n${HEAD}${tableOf(one)}`,
    ),
    `## Limits\n\n${card.limits.map((limit) => `- ${limit}\n`).join('')}`,
  ];
  return parts.join('\n');
}

function tableOf({ blocks }: CardClass): string {
  const rows = blocks.flatMap(({ from, to, models }) =>
    models.map(
      ({ model, pinballPct, maePct, cover90, relative }) =>
        `| ${from} to ${to} | ${model} | ${pinballPct.toFixed(3)} | ${maePct.toFixed(3)} ` +
        `| ${cover90.toFixed(3)} | ${relative.toFixed(3)} |\n`,
    ),
  );
  return rows.join('');
}
