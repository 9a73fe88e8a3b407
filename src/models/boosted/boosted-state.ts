// What a trained booster saves: cut points, trees, and what they were trained for; checked when read.
import { crc32c, DomainError } from '../../core';
import {
  FEATURE_COUNT,
  FEATURE_NAMES,
  type BinCuts,
  type BoostedTrees,
  type Centring,
} from '../../kernels';

/** One structure and the levels of its outputs. */
export interface LevelGroup {
  readonly levels: readonly number[];
  readonly trees: BoostedTrees;
}

export interface BoostedState {
  readonly name: string;
  readonly centring: Centring;
  readonly stepsPerDay: number;
  /** The longest lead that was trained. */
  readonly horizon: number;
  readonly rowCount: number;
  readonly cuts: BinCuts;
  /** Empty where there was too little to learn from. */
  readonly groups: readonly LevelGroup[];
}

const MAGIC = 'SWBOOST1';
const HEADER_BYTES = 16; // magic, length of the header, CRC-32C of all that follows

type ArrayName = 'splitFeatures' | 'splitBins' | 'splitGains' | 'leaves' | 'base';
const ARRAYS = {
  splitFeatures: Uint16Array,
  splitBins: Uint8Array,
  splitGains: Float32Array,
  leaves: Float32Array,
  base: Float32Array,
} as const;
const ARRAY_NAMES = Object.keys(ARRAYS) as readonly ArrayName[];

/** MAGIC, u32 length of a JSON header, u32 CRC, header, then arrays in its order, little endian. */
export function encodeBoosted(state: BoostedState): Uint8Array {
  const { cuts, groups, ...rest } = state;
  const header = {
    ...rest,
    features: FEATURE_NAMES,
    cuts: cuts.map((one) => one.length),
    groups: groups.map(({ levels, trees: { loss, treeCount, depth, outputCount } }) => ({
      levels,
      loss,
      treeCount,
      depth,
      outputCount,
    })),
  };
  const arrays = [...cuts, ...groups.flatMap(({ trees }) => ARRAY_NAMES.map((key) => trees[key]))];
  const head = Buffer.from(JSON.stringify(header));
  const body = Buffer.concat([
    head,
    ...arrays.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength)),
  ]);
  const prefix = Buffer.alloc(HEADER_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(head.length, 8);
  prefix.writeUInt32LE(crc32c(body, crc32c(prefix.subarray(8, 12))), 12);
  return Buffer.concat([prefix, body]);
}

interface Header extends Omit<BoostedState, 'cuts' | 'groups'> {
  readonly features: readonly string[];
  readonly cuts: readonly number[];
  readonly groups: readonly (Pick<BoostedTrees, 'loss' | 'treeCount' | 'depth' | 'outputCount'> & {
    readonly levels: readonly number[];
  })[];
}

/** Throws MODEL_STATE_INVALID naming the model and what is wrong with its bytes. */
export function decodeBoosted(name: string, bytes: Uint8Array): BoostedState {
  const refuse = (what: string): never => {
    throw new DomainError('MODEL_STATE_INVALID', `the state of model '${name}': ${what}`);
  };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES)
    refuse(`${buffer.length} bytes; at least ${HEADER_BYTES} expected`);
  if (buffer.toString('latin1', 0, 8) !== MAGIC) refuse(`it does not begin with ${MAGIC}`);
  const wanted = buffer.readUInt32LE(12);
  const found = crc32c(buffer.subarray(HEADER_BYTES), crc32c(buffer.subarray(8, 12)));
  if (found !== wanted) refuse('its checksum differs: it was cut or changed');
  const headEnd = HEADER_BYTES + buffer.readUInt32LE(8);
  const header = JSON.parse(buffer.toString('utf8', HEADER_BYTES, headEnd)) as Header;
  if (header.name !== name) refuse(`it belongs to '${header.name}'`);
  if (
    header.features.length !== FEATURE_COUNT ||
    header.features.some((one, at) => one !== FEATURE_NAMES[at])
  ) {
    refuse('it was trained on other features');
  }
  let at = headEnd;
  const take = <T extends Float32Array | Uint16Array | Uint8Array>(
    type: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
    length: number,
  ): T => {
    const end = at + length * type.BYTES_PER_ELEMENT;
    const copy = new Uint8Array(buffer.subarray(at, end)).buffer;
    at = end;
    return new type(copy);
  };
  const cuts = header.cuts.map((length) => take(Float32Array, length));
  const groups = header.groups.map(({ levels, loss, treeCount, depth, outputCount }) => {
    const splits = treeCount * depth;
    const trees: BoostedTrees = {
      loss,
      treeCount,
      depth,
      outputCount,
      splitFeatures: take(Uint16Array, splits),
      splitBins: take(Uint8Array, splits),
      splitGains: take(Float32Array, splits),
      leaves: take(Float32Array, treeCount * outputCount * 2 ** depth),
      base: take(Float32Array, outputCount),
    };
    return { levels, trees };
  });
  const { centring, stepsPerDay, horizon, rowCount } = header;
  return { name, centring, stepsPerDay, horizon, rowCount, cuts, groups };
}
