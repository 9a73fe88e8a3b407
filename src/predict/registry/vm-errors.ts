// Errors of each VM, model, and block of leads as one Parquet file.
import type { ModelErrors } from './measure-models';

/** Rows without an actual are left out. `vmIds` and `classes`: by row of the history. */
export async function encodeVmErrors(
  errors: ModelErrors,
  vmIds: readonly string[],
  classes: readonly string[],
): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const { blocks, models, seriesCount } = errors;
  const texts: Record<'vm_id' | 'class' | 'model', string[]> = { vm_id: [], class: [], model: [] };
  const whole: Record<'lead_from' | 'lead_to' | 'actuals', number[]> = {
    lead_from: [],
    lead_to: [],
    actuals: [],
  };
  const means: Record<'pinball_pct' | 'mae_pct' | 'cover90', number[]> = {
    pinball_pct: [],
    mae_pct: [],
    cover90: [],
  };
  for (let row = 0; row < seriesCount; row += 1) {
    for (const { model, count, pinball, absolute, inside } of models) {
      blocks.forEach(({ from, to }, block) => {
        const cell = row * blocks.length + block;
        if (count[cell] === 0) return;
        texts.vm_id.push(vmIds[row]);
        texts.class.push(classes[row]);
        texts.model.push(model);
        whole.lead_from.push(from);
        whole.lead_to.push(to);
        whole.actuals.push(count[cell]);
        means.pinball_pct.push(pinball[cell] / count[cell]);
        means.mae_pct.push(absolute[cell] / count[cell]);
        means.cover90.push(inside[cell] / count[cell]);
      });
    }
  }
  const columnData = [
    ...Object.entries(texts).map(([name, data]) => ({ name, data, type: 'STRING' as const })),
    ...Object.entries(whole).map(([name, data]) => ({ name, data, type: 'INT32' as const })),
    ...Object.entries(means).map(([name, data]) => ({ name, data, type: 'DOUBLE' as const })),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
