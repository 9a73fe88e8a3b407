// Learns costs from outcomes before each night, and gives a night what was known when it began.
import type { Json } from '../../../core';
import { outcomePages, type OutcomeStore, type StoredOutcome } from '../../outcomes/outcome-store';
import { COST_DEFAULTS, type CostSettings } from '../cost-settings';
import { CostPredictor } from '../predict-cost';
import {
  emptyCorrections,
  forgetOldest,
  learnCost,
  parseCorrections,
  type CostCorrections,
  type CostFact,
} from './cost-corrections';
import { RowCorrections } from './row-corrections';

/** Where states are kept: ingest's ObjectStore has this form. */
export interface CorrectionFiles {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array>;
  list(prefix: string): Promise<readonly string[]>;
  delete(key: string): Promise<void>;
}

/** Failures that tell of the VM and how it was copied, not of targets, networks, or operators. */
const CAUSES_OF_COST: ReadonlySet<string> = new Set(['no-convergence', 'timeout']);
/** Nights that may still run, or be read again, with an older state. */
const STATES_KEPT = 10;
const POSITION_DIGITS = 16; // keys sort as positions do

/**
 * States lie at `cost-corrections/<tenant, hex>/<position>.json`; what is learned up to a position
 * depends on the outcomes alone, so two learners of one position write the same bytes.
 */
export class CostLearner {
  private newest: { readonly key: string; readonly rows: RowCorrections } | undefined;

  constructor(
    private readonly outcomes: OutcomeStore,
    private readonly files: CorrectionFiles,
    private readonly settings: CostSettings = COST_DEFAULTS,
  ) {}

  /** Learns what came since; the key of the state, undefined while there is nothing. */
  async learn(tenantId: string): Promise<string | undefined> {
    const { state, from } = await this.newestState(tenantId);
    await this.learnUntil(tenantId, state, Number.MAX_SAFE_INTEGER);
    if (state.migrations === 0) return undefined;
    const key = `${prefixOf(tenantId)}${String(state.position).padStart(POSITION_DIGITS, '0')}.json`;
    if (key === from) return key;
    await this.files.put(key, Buffer.from(JSON.stringify(state)));
    const keys = await this.files.list(prefixOf(tenantId));
    for (const old of keys.slice(0, -STATES_KEPT)) await this.files.delete(old);
    return key;
  }

  /** What `learn` returned for a run; undefined where it was planned without. */
  async corrections(
    tenantId: string,
    planned: Json | undefined,
  ): Promise<RowCorrections | undefined> {
    if (typeof planned !== 'string') return undefined;
    if (this.newest?.key !== planned) {
      this.newest = { key: planned, rows: new RowCorrections(await this.at(tenantId, planned)) };
    }
    return this.newest.rows;
  }

  /** As the last night left it; empty before the first. */
  async state(tenantId: string): Promise<CostCorrections> {
    return (await this.newestState(tenantId)).state;
  }

  /** A state that was cleared away is learned again. */
  private async at(tenantId: string, key: string): Promise<CostCorrections> {
    const keys = await this.files.list(prefixOf(tenantId));
    if (keys.includes(key)) return this.read(key);
    const state = emptyCorrections();
    await this.learnUntil(tenantId, state, Number(key.slice(prefixOf(tenantId).length, -5)));
    return state;
  }

  private async learnUntil(
    tenantId: string,
    state: CostCorrections,
    position: number,
  ): Promise<void> {
    const predictor = new CostPredictor(this.settings);
    for await (const page of outcomePages(this.outcomes, tenantId, state.position)) {
      for (const record of page) {
        if (record.position > position) return;
        const fact = factOf(record);
        if (fact !== undefined) learnCost(state, fact, physicsOf(predictor, fact, record));
        state.position = record.position;
      }
      forgetOldest(state);
    }
  }

  private async read(key: string): Promise<CostCorrections> {
    return parseCorrections(Buffer.from(await this.files.get(key)).toString());
  }

  private async newestState(
    tenantId: string,
  ): Promise<{ readonly state: CostCorrections; readonly from?: string }> {
    const from = (await this.files.list(prefixOf(tenantId))).at(-1);
    if (from === undefined) return { state: emptyCorrections() };
    return { state: await this.read(from), from };
  }
}

function prefixOf(tenantId: string): string {
  return `cost-corrections/${Buffer.from(tenantId).toString('hex')}/`;
}

/** What it teaches; undefined where it teaches nothing. An `unknown` outcome waits for its end. */
export function factOf({ outcome, judgement, conditions }: StoredOutcome): CostFact | undefined {
  if (conditions === undefined) return undefined;
  const completed = outcome.status === 'completed';
  const failed = outcome.status === 'failed' && CAUSES_OF_COST.has(outcome.cause ?? '');
  const flags = judgement.flags.filter((flag) => flag !== 'not-completed');
  if (flags.length > 0 || !(completed || failed)) return undefined;
  const { mode, host, vcpus, memoryBytes } = conditions;
  const { vmId, startedAtMs, totalTimeMs, downtimeMs, bytesSent } = outcome;
  const subject = { vmId, host, vcpus, memoryBytes };
  const measured = { totalTimeMs, downtimeMs, bytesSent };
  return { subject, mode, startedAtMs, completed, measured };
}

function physicsOf(predictor: CostPredictor, { subject, mode }: CostFact, record: StoredOutcome) {
  return predictor.predict(subject, record.conditions?.loadPct ?? 0, mode);
}
