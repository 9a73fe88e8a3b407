import { MemoryRoleLeases } from '../../../src/adapters/embedded/memory-role-lease';
import { roleLeaseConformance } from '../../conformance/role-lease.conformance';

roleLeaseConformance('memory', async () => {
  const leases = new MemoryRoleLeases();
  return { mine: leases, theirs: leases, close: async () => undefined };
});
