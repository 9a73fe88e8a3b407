// What a fitted ARIMA saves: header, then orders, fits, and why rows abstained; checked when read.
import { DomainError } from '../../core';
import type { ArimaFits, ArimaScales } from '../../kernels';
import { FIT_WIDTH, ORDER_WIDTH, SEASON_MAX } from '../../kernels';
import { FOURIER_TERMS } from './fourier-season';

/** Rows abstain for these reasons only; the byte in the state is the index. */
export const ABSTENTIONS = ['', 'no-values', 'short'] as const;

export interface ArimaState extends ArimaFits, ArimaScales {
  readonly rowCount: number;
  readonly seasonLength: number;
  /** Columns that were known at the fit. */
  readonly fitEnd: number;
  /** (rowCount, shapeTerms): Fourier coefficients of a long season; empty for a short one. */
  readonly shape: Float64Array;
  /** (rowCount): index into ABSTENTIONS. */
  readonly abstained: Uint8Array;
  /** (rowCount): known values at the fit, for the words of an abstention. */
  readonly known: Uint32Array;
}

const MAGIC = 0x41525753; // "SWRA" little endian
const VERSION = 2;
const HEADER_BYTES = 32;
const ROW_BYTES = (FIT_WIDTH + 2) * 8 + 4 + ORDER_WIDTH + 1;

export function encodeState(state: ArimaState): Uint8Array {
  const { rowCount } = state;
  const shapeBytes = state.shape.byteLength;
  const bytes = new Uint8Array(HEADER_BYTES + rowCount * ROW_BYTES + shapeBytes);
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, rowCount, state.seasonLength, state.fitEnd].forEach((value, index) =>
    view.setUint32(index * 4, value, true),
  );
  let at = HEADER_BYTES;
  const { fits, centre, unit, shape, known, orders, abstained } = state;
  for (const part of [fits, centre, unit, shape, known, orders, abstained]) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  view.setUint32(20, checksum(bytes.subarray(HEADER_BYTES)), true);
  return bytes;
}

/** Throws MODEL_STATE_INVALID naming what is wrong. */
export function decodeState(bytes: Uint8Array): ArimaState {
  if (bytes.length < HEADER_BYTES)
    refuse(`${bytes.length} bytes; at least ${HEADER_BYTES} expected`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number): number => view.getUint32(index * 4, true);
  if (word(0) !== MAGIC) refuse('it does not begin with the mark of an ARIMA state');
  if (word(1) !== VERSION) refuse(`version ${word(1)}; ${VERSION} is accepted`);
  const rowCount = word(2);
  const seasonLength = word(3);
  const terms = seasonLength > SEASON_MAX ? FOURIER_TERMS : 0;
  const wanted = HEADER_BYTES + rowCount * (ROW_BYTES + 8 * terms);
  if (bytes.length !== wanted) {
    refuse(`${bytes.length} bytes for ${rowCount} rows; ${wanted} expected`);
  }
  const body = bytes.slice(HEADER_BYTES);
  if (checksum(body) !== word(5)) refuse('its checksum differs');
  if (seasonLength < 1) refuse('season 0');
  const fits = new Float64Array(body.buffer, 0, rowCount * FIT_WIDTH);
  const centre = new Float64Array(body.buffer, fits.byteLength, rowCount);
  const unit = new Float64Array(body.buffer, fits.byteLength + centre.byteLength, rowCount);
  const shapeFrom = unit.byteOffset + unit.byteLength;
  const shape = new Float64Array(body.buffer, shapeFrom, rowCount * terms);
  const known = new Uint32Array(body.buffer, shapeFrom + shape.byteLength, rowCount);
  const orders = body.subarray(known.byteOffset + known.byteLength, -rowCount || body.length);
  const abstained = body.subarray(body.length - rowCount);
  if (!fits.every((value) => Number.isFinite(value) || value === Number.POSITIVE_INFINITY)) {
    refuse('a parameter is not a number');
  }
  const scales = { centre, unit };
  return {
    rowCount,
    seasonLength,
    fitEnd: word(4),
    fits,
    ...scales,
    shape,
    known,
    orders,
    abstained,
  };
}

function refuse(what: string): never {
  throw new DomainError('MODEL_STATE_INVALID', `the state of model 'arima': ${what}`);
}

/** FNV-1a over bytes. */
function checksum(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

/** Plain words for a row that abstained. */
export function abstentionReason(code: number, known: number, seasonLength: number): string {
  switch (ABSTENTIONS[code]) {
    case 'no-values':
      return 'no value is known';
    case 'short':
      return `${known} known values; ${knownMin(seasonLength)} are needed`;
    default:
      return 'the series is constant';
  }
}

/** Two seasons and some: after seasonal differencing every order still has points to be scored on. */
export function knownMin(seasonLength: number): number {
  return 2 * seasonLength + 14;
}
