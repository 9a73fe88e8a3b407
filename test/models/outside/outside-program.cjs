// A program from outside for tests: answers well, or in one of the ways in which programs fail.
const { spawn } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const arrow = require('apache-arrow');

const [manner, file] = process.argv.slice(2);
const parts = [];
process.stdin.on('data', (part) => parts.push(part));
process.stdin.on('end', () => answer(arrow.tableFromIPC(Buffer.concat(parts))));

/** Level 5, quantiles one apart; with `last`, the last known value instead of 5. */
function answer(question) {
  const about = question.schema.metadata;
  const horizon = Number(about.get('horizon'));
  const names = about.get('quantile_columns').split(',');
  const { length } = question.getChild('y').get(0);
  const levelOf = (row) =>
    question
      .getChild('y')
      .get(row)
      .get(length - 1);
  const rowCount = question.numRows;
  const columns = {};
  ['mean', ...names].forEach((name, at) => {
    columns[name] = Float64Array.from({ length: rowCount * horizon }, (_, cell) => {
      const level = manner === 'last' ? levelOf(Math.floor(cell / horizon)) : 5;
      return at === 0 ? level : level + at - 1;
    });
  });
  let rows = Int32Array.from({ length: rowCount }, (_, row) => row);
  if (manner === 'nan') columns.q50[horizon + 1] = NaN;
  if (manner === 'crossing') columns.q90[0] = -1;
  if (manner === 'missing') rows = rows.slice(1);
  if (manner === 'twice') rows = Int32Array.from([...rows.slice(1), 2]);
  if (manner === 'stranger') rows[0] = rowCount;
  if (manner === 'lacking') delete columns.q99;
  if (manner === 'crash') {
    process.stderr.write('first words\nout of coffee\n');
    process.exit(3);
  }
  if (manner === 'crash-at-7' && Array.from(rows).some((row) => levelOf(row) === 7))
    process.exit(1);
  if (manner === 'memory') {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(1 << 26, 1));
  }
  if (manner === 'flood') for (;;) require('node:fs').writeSync(1, Buffer.alloc(1 << 16));
  if (manner === 'hang') {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], {
      stdio: 'inherit',
    });
    writeFileSync(file, `${process.pid} ${child.pid}`);
    setInterval(() => 0, 1_000);
    return;
  }
  if (manner === 'garbage') return void process.stdout.write('coffee, please: '.repeat(99));
  if (manner === 'silent') return;
  if (manner === 'secret') {
    process.stderr.write(String(process.env.DATABASE_URL));
    process.exit(1);
  }
  const shorter = manner === 'missing' || manner === 'short' ? horizon : 0;
  const width = manner === 'short' ? horizon - 1 : horizon;
  const bytes = encode(rows, columns, width, manner === 'version' ? '2' : '1', shorter);
  process.stdout.write(manner === 'half' ? bytes.subarray(0, bytes.length / 2) : bytes);
}

function encode(rows, columns, width, version, skipped) {
  const children = [arrow.makeVector(rows).data[0]];
  const fields = [new arrow.Field('row', new arrow.Int32(), false)];
  for (const [name, values] of Object.entries(columns)) {
    const child = arrow.makeVector(values.subarray(manner === 'missing' ? skipped : 0)).data[0];
    const type = new arrow.FixedSizeList(width, new arrow.Field('item', child.type, false));
    children.push(arrow.makeData({ type, length: rows.length, nullCount: 0, child }));
    fields.push(new arrow.Field(name, type, false));
  }
  const schema = new arrow.Schema(fields, new Map([['slackwater.outside', version]]));
  const type = new arrow.Struct(fields);
  const data = arrow.makeData({ type, length: rows.length, nullCount: 0, children });
  const writer = new arrow.RecordBatchStreamWriter();
  writer.write(new arrow.RecordBatch(schema, data));
  writer.finish();
  return writer.toUint8Array(true);
}
