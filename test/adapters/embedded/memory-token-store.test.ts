import { MemoryTokenStore } from '../../../src/adapters/embedded';
import { tokenStoreConformance } from '../../conformance/token-store.conformance';

tokenStoreConformance('memory', async () => new MemoryTokenStore());
