// The generated fleet as messages: one per host and minute, as collectors send them.
import { KafkaSampleLog } from '../../src/adapters/kafka';
import { centiAt, generatedVm, loadShape, type Fleet } from '../../src/ingest';

const IN_FLIGHT_MAX = 2_000; // messages that wait for their acknowledgement

export interface HostMinute {
  readonly key: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Messages of [startMs, endMs), minute by minute. */
export function* hostMinutes(fleet: Fleet, startMs: number, endMs: number): Generator<HostMinute> {
  const vms = Array.from({ length: fleet.vmCount }, (_, vm) => ({
    ...generatedVm(fleet, vm),
    shape: loadShape(fleet, vm),
  }));
  const hosts = new Map<string, typeof vms>();
  for (const vm of vms) hosts.set(vm.host, [...(hosts.get(vm.host) ?? []), vm]);
  for (let minute = startMs / 60_000; minute < endMs / 60_000; minute += 1) {
    for (const [host, members] of hosts) {
      const message = {
        v: 1,
        host,
        cluster: members[0].cluster,
        tsMs: minute * 60_000,
        vm: members.map((vm) => vm.vmId),
        cpuPct: members.map((vm) => centiAt(vm.shape, minute) / 100),
      };
      yield {
        key: host,
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify(message)),
      };
    }
  }
}

/** Produces all of them and waits for every acknowledgement; returns how many. */
export async function produceFleet(
  brokers: string,
  topic: string,
  messages: Iterable<HostMinute>,
): Promise<number> {
  const log = new KafkaSampleLog(brokers, topic);
  const waiting = new Set<Promise<void>>();
  let count = 0;
  for (const message of messages) {
    const sent: Promise<void> = log.append(message).finally(() => waiting.delete(sent));
    waiting.add(sent);
    count += 1;
    if (waiting.size >= IN_FLIGHT_MAX) await Promise.all(waiting);
  }
  await Promise.all(waiting);
  await log.close();
  return count;
}
