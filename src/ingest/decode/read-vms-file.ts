// vms.csv: what is known of each VM beside its load.
import { readFile } from 'node:fs/promises';
import { DomainError, vmIdOf } from '../../core';
import type { VmRecord } from '../rollup-store';

type NumberField = 'vcpus' | 'memory_bytes';

/**
 * Columns unique_id and any of vcpus, memory_bytes, host, cluster, owner; further ones are ignored.
 * 0 vCPUs happen (a VM that is off). Throws INPUT_UNREADABLE and COLUMN_UNKNOWN naming file, line.
 */
export async function readVmsFile(path: string): Promise<readonly Omit<VmRecord, 'vmIndex'>[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new DomainError(
      'INPUT_UNREADABLE',
      `VM file '${path}' cannot be read`,
      { path },
      { cause },
    );
  }
  const [header = '', ...lines] = text.split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim());
  const id = names.indexOf('unique_id');
  if (id < 0) {
    throw new DomainError('COLUMN_UNKNOWN', `VM file '${path}' has no column 'unique_id'`, {
      path,
    });
  }
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const cells = line.split(',');
    const cell = (name: string): string | undefined => {
      const value = cells[names.indexOf(name)]?.trim();
      return value === '' ? undefined : value;
    };
    const number = (name: NumberField): number | undefined => {
      const value = cell(name);
      if (value === undefined) return undefined;
      if (Number.isFinite(Number(value)) && Number(value) >= 0) return Number(value);
      throw new DomainError(
        'INPUT_UNREADABLE',
        `VM file '${path}' line ${index + 2}: ${name} is '${value}'; a number >= 0 is accepted`,
        { path, line: index + 2 },
      );
    };
    return [
      {
        vmId: vmIdOf(cells[id]?.trim() ?? ''),
        vcpus: number('vcpus'),
        memoryBytes: number('memory_bytes'),
        host: cell('host'),
        cluster: cell('cluster'),
        owner: cell('owner'),
      },
    ];
  });
}
