// A night's forecasts for people and tools: one Arrow file, or CSV on request.
import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Float64,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { quantileName } from '../../core';
import {
  FIVE_MINUTE,
  forecastKey,
  HOURLY,
  readForecastFile,
  type ForecastFile,
  type NightPorts,
  type Resolution,
  type Run,
} from '../../predict';

const RESOLUTIONS: readonly Resolution[] = [FIVE_MINUTE, HOURLY];

async function* shardFiles(
  run: Run,
  resolution: Resolution,
  ports: Pick<NightPorts, 'ledger' | 'objects'>,
): AsyncGenerator<ForecastFile> {
  for (const { shard } of await ports.ledger.shards(run.runId, 'forecast')) {
    const bytes = await ports.objects.get(forecastKey(run, resolution.stepMs, shard));
    yield readForecastFile(bytes);
  }
}

/**
 * Columns vm_id, model, step_s, start_ms, and mean, q01 ... q99 as lists of `horizon` values in
 * cpuPct, sorted by vm_id; one resolution per file, since the lists differ in length.
 */
export async function encodeForecastExport(
  run: Run,
  resolution: Resolution,
  ports: Pick<NightPorts, 'ledger' | 'objects'>,
): Promise<Uint8Array> {
  const writer = new RecordBatchFileWriter();
  for await (const file of shardFiles(run, resolution, ports)) {
    writer.write(exportBatch(run, resolution, file));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

function exportBatch(run: Run, resolution: Resolution, file: ForecastFile): RecordBatch {
  const { levels, horizon, values } = file;
  const count = file.vmIds.length;
  const width = (1 + levels.length) * horizon;
  const list = new FixedSizeList(horizon, new Field('item', new Float32(), false));
  const part = (at: number) => {
    const column = new Float32Array(count * horizon);
    for (let row = 0; row < count; row += 1) {
      const from = row * width + at * horizon;
      column.set(values.subarray(from, from + horizon), row * horizon);
    }
    return makeData({ type: list, length: count, nullCount: 0, child: makeVector(column).data[0] });
  };
  const names = ['mean', ...levels.map((level) => quantileName(level))];
  const fields = [
    new Field('vm_id', new Utf8(), false),
    new Field('model', new Utf8(), false),
    new Field('step_s', new Int32(), false),
    new Field('start_ms', new Float64(), false),
    ...names.map((name) => new Field(name, list, false)),
  ];
  const text = (column: readonly string[]) => vectorFromArray([...column], new Utf8()).data[0];
  const data = makeData({
    type: new Struct(fields),
    length: count,
    nullCount: 0,
    children: [
      text(file.vmIds),
      text(file.models),
      makeVector(new Int32Array(count).fill(resolution.stepMs / 1_000)).data[0],
      makeVector(new Float64Array(count).fill(run.plan.cutoffMs)).data[0],
      ...names.map((_, at) => part(at)),
    ],
  });
  return new RecordBatch(new Schema(fields), data);
}

/** unique_id,ds,step,model,mean,q01,...: one line per VM, resolution, and step; ds in seconds. */
export async function* forecastCsv(
  run: Run,
  ports: Pick<NightPorts, 'ledger' | 'objects'>,
): AsyncGenerator<string> {
  let header = false;
  for (const resolution of RESOLUTIONS) {
    for await (const file of shardFiles(run, resolution, ports)) {
      if (!header) {
        const names = file.levels.map((level) => quantileName(level));
        yield `unique_id,ds,step,model,mean,${names.join(',')}\n`;
        header = true;
      }
      for (let row = 0; row < file.vmIds.length; row += 1)
        yield csvRows(run, resolution, file, row);
    }
  }
}

function csvRows(run: Run, resolution: Resolution, file: ForecastFile, row: number): string {
  const { levels, horizon, values, vmIds, models } = file;
  const step = resolution.stepMs / 1_000;
  const from = row * (1 + levels.length) * horizon;
  let text = '';
  for (let lead = 0; lead < horizon; lead += 1) {
    text += `${vmIds[row]},${run.plan.cutoffMs / 1_000 + lead * step},${step},${models[row]}`;
    for (let part = 0; part <= levels.length; part += 1) {
      text += `,${values[from + part * horizon + lead].toFixed(3)}`;
    }
    text += '\n';
  }
  return text;
}
