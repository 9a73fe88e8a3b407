import { MemoryPlanStore } from '../../../src/adapters/embedded';
import { planStoreConformance } from '../../conformance/plan-store.conformance';

planStoreConformance('memory', async () => new MemoryPlanStore());
