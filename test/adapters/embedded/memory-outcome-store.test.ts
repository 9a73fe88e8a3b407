import { MemoryClaimStore, MemoryOutcomeStore } from '../../../src/adapters/embedded';
import { claimStoreConformance } from '../../conformance/claim-store.conformance';
import { outcomeStoreConformance } from '../../conformance/outcome-store.conformance';

outcomeStoreConformance('memory', async () => new MemoryOutcomeStore());
claimStoreConformance('memory', async () => new MemoryClaimStore());
