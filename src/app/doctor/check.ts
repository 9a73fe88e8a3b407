// One question of the doctor and its answer.

export type Verdict = 'ok' | 'warning' | 'failed';

export interface Check {
  readonly subject: string;
  readonly verdict: Verdict;
  /** What was found, with its value. */
  readonly finding: string;
  /** What to do; only when it is not ok. */
  readonly remedy?: string;
}

export function ok(subject: string, finding: string): Check {
  return { subject, verdict: 'ok', finding };
}

export function warning(subject: string, finding: string, remedy: string): Check {
  return { subject, verdict: 'warning', finding, remedy };
}

export function failed(subject: string, finding: string, remedy: string): Check {
  return { subject, verdict: 'failed', finding, remedy };
}
