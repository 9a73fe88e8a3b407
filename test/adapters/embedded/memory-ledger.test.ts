import { InProcessJobQueue, MemoryLedger } from '../../../src/adapters/embedded';
import { jobQueueConformance } from '../../conformance/job-queue.conformance';
import { ledgerConformance } from '../../conformance/ledger.conformance';

ledgerConformance('memory', async () => {
  const ledger = new MemoryLedger();
  return {
    ledger,
    publish: async (run) => ledger.markPublished(run.runId, {}, run.startedMs),
    close: async () => undefined,
  };
});

jobQueueConformance('one process', async () => ({
  open: () => new InProcessJobQueue(),
  close: async () => undefined,
}));
