import { MemoryTrainingOrders } from '../../../src/adapters/embedded';
import { trainingOrdersConformance } from '../../conformance/training-orders.conformance';

trainingOrdersConformance('memory', async () => new MemoryTrainingOrders());
