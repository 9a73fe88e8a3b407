// A hypervisor behind an HTTP API, as a lab of the conformance suite: what all of them share.
import type { MigrationExecutor } from '../../src/migration';
import type { ExecutorLab } from '../conformance/migration-executor.conformance';
import { ApiServer, type Asked, type Reply } from './api-server';

export abstract class ApiLab implements ExecutorLab {
  readonly server = new ApiServer((asked) => this.answer(asked));
  /** What the next start is refused with. */
  protected refusal?: string;

  abstract open(): MigrationExecutor;
  abstract starts(): number;
  abstract succeed(): void;
  abstract fail(words: string): void;
  abstract otherRuns(): void;
  abstract stopVm(): void;
  abstract forget(): void;
  protected abstract answer(asked: Asked): Reply;

  migrateByOther(): void {
    this.otherRuns();
    this.succeed();
  }

  break(how: 'silent' | 'nonsense' | 'forbidden' | undefined): void {
    this.server.fault = how;
  }

  lose(what: 'answer' | 'question'): void {
    this.server.lose = what;
  }

  refuseStart(words: string): void {
    this.refusal = words;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
