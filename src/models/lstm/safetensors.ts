// Named float32 arrays in one file, as the Python package `safetensors` reads and writes them, with a checksum of ours.
//
// Layout: u64 length of a JSON header, header, data (little endian). The header names each tensor's dtype, shape, and
// data_offsets; `__metadata__` maps strings to strings. Source: huggingface/safetensors, README, format.
import { checksumText, crc32c, DomainError } from '../../core';

export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const CHECKSUM = 'crc32c';
const NO_CHECKSUM = '00000000'; // what the checksum's own digits are taken for

/** Tensors in the map's order. O(bytes). */
export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape, values }]) => {
    const from = offset;
    offset += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [from, offset] }] as const;
  });
  const about = { ...metadata, [CHECKSUM]: NO_CHECKSUM };
  const text = JSON.stringify({ __metadata__: about, ...Object.fromEntries(entries) });
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = [...tensors.values()].map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  const bytes = Buffer.concat([length, header, ...data]);
  bytes.write(
    checksumText(crc32c(bytes)),
    bytes.indexOf(`"${CHECKSUM}":"`) + CHECKSUM.length + 4,
    'latin1',
  );
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // a Buffer's slice would share bytes
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Throws MODEL_STATE_INVALID naming the model and what is wrong: cut, changed, or not of this kind. */
export function decodeTensors(model: string, bytes: Uint8Array): TensorFile {
  const refuse = (what: string): never => {
    throw new DomainError('MODEL_STATE_INVALID', `the state of model '${model}': ${what}`);
  };
  const buffer = Buffer.from(bytes); // a copy: the checksum's digits are overwritten, and floats lie aligned
  if (buffer.length < LENGTH_BYTES) refuse(`${buffer.length} bytes are no safetensors file`);
  const headEnd = LENGTH_BYTES + Number(buffer.readBigUInt64LE(0));
  if (!(headEnd <= buffer.length)) refuse('its header is longer than the file: it was cut');
  const text = buffer.toString('latin1', LENGTH_BYTES, headEnd);
  const at = text.indexOf(`"${CHECKSUM}":"`) + CHECKSUM.length + 4;
  if (at < CHECKSUM.length + 4) refuse('it has no checksum: this program did not write it');
  const wanted = text.slice(at, at + NO_CHECKSUM.length);
  buffer.write(NO_CHECKSUM, LENGTH_BYTES + at, 'latin1');
  if (checksumText(crc32c(buffer)) !== wanted)
    refuse('its checksum differs: it was cut or changed');
  const header = JSON.parse(buffer.toString('utf8', LENGTH_BYTES, headEnd)) as Record<
    string,
    Entry
  > & { readonly __metadata__: Readonly<Record<string, string>> };
  const { __metadata__: metadata, ...entries } = header;
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries<Entry>(entries)) {
    if (dtype !== 'F32') refuse(`tensor '${name}' is ${dtype}; F32 is expected`);
    const own = new Uint8Array(buffer.subarray(headEnd + offsets[0], headEnd + offsets[1]));
    tensors.set(name, { shape, values: new Float32Array(own.buffer) });
  }
  return { tensors, metadata };
}
