import { MemoryModelRegistry } from '../../../src/adapters/embedded';
import { modelRegistryConformance } from '../../conformance/model-registry.conformance';

modelRegistryConformance('memory', async () => new MemoryModelRegistry());
