// Documents of a shard through binary COPY: one pass over the columns, no object per row.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { DocumentBatch } from '../../migration';

const CHUNK_BYTES = 1 << 20;
/** PostgreSQL's documentation, COPY, "Binary Format": signature, flags, length of the extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FIELDS = 7;
const END = -1;
const INT_BYTES = 4;
/** Field count, seven lengths, two integers. */
const ROW_OVERHEAD = 2 + FIELDS * INT_BYTES + 2 * INT_BYTES;

/** The system role's transaction; see migration 0005. O(bytes). */
export async function copyDocuments(
  client: PoolClient,
  tenantId: string,
  runId: string,
  shard: number,
  batch: DocumentBatch,
): Promise<void> {
  const sink = client.query(
    copyFrom(
      `COPY window_document_rows
         (tenant_id, run_id, shard, vm_id, revision, document_id, document)
       FROM STDIN WITH (FORMAT binary)`,
    ),
  );
  await pipeline(Readable.from(chunksOf(tenantId, runId, shard, batch)), sink);
}

function* chunksOf(
  tenantId: string,
  runId: string,
  shard: number,
  { count, vmIds, ids, revisions, texts }: DocumentBatch,
): Generator<Buffer> {
  const tenant = Buffer.from(tenantId);
  const run = Buffer.from(runId);
  const fixed = ROW_OVERHEAD + tenant.length + run.length;
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = HEADER.copy(chunk);
  const int = (value: number): void => {
    end = chunk.writeInt32BE(INT_BYTES, end);
    end = chunk.writeInt32BE(value, end);
  };
  const text = (bytes: Uint8Array, from: number, to: number): void => {
    end = chunk.writeInt32BE(to - from, end);
    chunk.set(bytes.subarray(from, to), end);
    end += to - from;
  };
  for (let row = 0; row < count; row += 1) {
    const own = [vmIds, ids, texts].reduce(
      (sum, { offsets }) => sum + offsets[row + 1] - offsets[row],
      fixed,
    );
    if (end + own > chunk.length) {
      yield chunk.subarray(0, end);
      chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, own + 2));
      end = 0;
    }
    end = chunk.writeInt16BE(FIELDS, end);
    text(tenant, 0, tenant.length);
    text(run, 0, run.length);
    int(shard);
    text(vmIds.bytes, vmIds.offsets[row], vmIds.offsets[row + 1]);
    int(revisions[row]);
    text(ids.bytes, ids.offsets[row], ids.offsets[row + 1]);
    text(texts.bytes, texts.offsets[row], texts.offsets[row + 1]);
  }
  yield chunk.subarray(0, end);
  const trailer = Buffer.allocUnsafe(2);
  trailer.writeInt16BE(END);
  yield trailer;
}
