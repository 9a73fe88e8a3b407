// The port to a program that forecasts: one question in, one answer out, and never an endless wait.

/** What one exchange came to. A reason is plain words, e.g. "ended with exit code 1: out of coffee". */
export type Exchange = { readonly answer: Uint8Array } | { readonly refused: string };

/**
 * A program that is started once for each question, in a process of its own with bounds of time and
 * memory. A crash, a hang, or too long an answer is a result, not an exception.
 */
export abstract class OutsideProcess {
  /**
   * Writes `question`, closes, and reads all that is answered, at most `answerBytesMax`. When it
   * resolves, the program and what it started are gone. Throws PROGRAM_UNSTARTABLE where the program
   * could not be started at all: every question would end so.
   */
  abstract ask(question: Uint8Array, answerBytesMax: number): Promise<Exchange>;
}

/** By the name under which a model from outside is asked for. */
export type OutsideModels = ReadonlyMap<string, OutsideProcess>;
