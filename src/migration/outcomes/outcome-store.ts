// Where outcomes are kept; an outcome twice is one outcome.
import type { CopyMode } from '../../kernels';
import type { Judgement } from './judge-outcome';
import type { RankedWindow } from '../windows/window-schema';
import type { Measure, Outcome } from './outcome-schema';

/** Quantiles of each measure. */
export type PredictedMeasures = Pick<RankedWindow['cost'], Measure>;

/** Under which a migration was done, as far as costs depend on it. Absent = unknown. */
export interface MigrationConditions {
  readonly mode: CopyMode;
  /** Forecast mean load in its window, percent of the allotment. */
  readonly loadPct: number;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  /** The source. */
  readonly host?: string;
}

export interface OutcomeRecord {
  readonly outcome: Outcome;
  readonly judgement: Judgement;
  /** What the window said that it would cost; absent where the window is unknown. */
  readonly predicted?: PredictedMeasures;
  /** Absent where the window is unknown, or nobody can tell how the VM was copied. */
  readonly conditions?: MigrationConditions;
}

export interface StoredOutcome extends OutcomeRecord {
  /** Rising in the order of arrival; not without holes. */
  readonly position: number;
}

/** 'again': the same was there; 'settled': an `unknown` one became known. */
export type Kept = 'new' | 'again' | 'settled';

/** Twins: memory and PostgreSQL. */
export abstract class OutcomeStore {
  /**
   * Keeps it once by its id. A second one of equal content changes nothing; one that says what
   * became of an `unknown` one replaces it, at a new position; a later `unknown` changes nothing.
   * Throws OUTCOME_CONFLICT when two known ones differ.
   */
  abstract put(tenantId: string, record: OutcomeRecord): Promise<Kept>;

  abstract find(tenantId: string, id: string): Promise<StoredOutcome | undefined>;

  /** After `position`, in order; all or one VM's. */
  abstract list(
    tenantId: string,
    asked: { readonly after: number; readonly limit: number; readonly vmId?: string },
  ): Promise<readonly StoredOutcome[]>;
}

const PAGE = 1_000;

/** All outcomes after a position, page by page; none is empty. */
export async function* outcomePages(
  outcomes: OutcomeStore,
  tenantId: string,
  position = 0,
): AsyncGenerator<readonly StoredOutcome[]> {
  for (let after = position; ;) {
    const page = await outcomes.list(tenantId, { after, limit: PAGE });
    if (page.length === 0) return;
    yield page;
    after = page[page.length - 1].position;
  }
}
