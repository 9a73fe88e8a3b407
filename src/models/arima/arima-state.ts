// What a fitted ARIMA saves: header, then orders, fits, and why rows abstained; checked when read.
import { DomainError } from '../../core';
import type { ArimaFits } from '../../kernels';
import { FIT_WIDTH, ORDER_WIDTH, SEASON_MAX } from '../../kernels';

/** Rows abstain for these reasons only; the byte in the state is the index. */
export const ABSTENTIONS = ['', 'no-values', 'short', 'long-season', 'constant'] as const;

export interface ArimaState extends ArimaFits {
  readonly rowCount: number;
  readonly seasonLength: number;
  /** Columns that were known at the fit. */
  readonly fitEnd: number;
  /** (rowCount): index into ABSTENTIONS. */
  readonly abstained: Uint8Array;
  /** (rowCount): known values at the fit, for the words of an abstention. */
  readonly known: Uint32Array;
}

const MAGIC = 0x41525753; // "SWRA" little endian
const VERSION = 1;
const HEADER_BYTES = 32;
const ROW_BYTES = FIT_WIDTH * 8 + 4 + ORDER_WIDTH + 1;

export function encodeState(state: ArimaState): Uint8Array {
  const { rowCount } = state;
  const bytes = new Uint8Array(HEADER_BYTES + rowCount * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, rowCount, state.seasonLength, state.fitEnd].forEach((value, index) =>
    view.setUint32(index * 4, value, true),
  );
  let at = HEADER_BYTES;
  for (const part of [state.fits, state.known, state.orders, state.abstained]) {
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
  const wanted = HEADER_BYTES + rowCount * ROW_BYTES;
  if (bytes.length !== wanted) {
    refuse(`${bytes.length} bytes for ${rowCount} rows; ${wanted} expected`);
  }
  const body = bytes.slice(HEADER_BYTES);
  if (checksum(body) !== word(5)) refuse('its checksum differs');
  if (seasonLength < 1) refuse('season 0');
  const fits = new Float64Array(body.buffer, 0, rowCount * FIT_WIDTH);
  const known = new Uint32Array(body.buffer, fits.byteLength, rowCount);
  const orders = body.subarray(known.byteOffset + known.byteLength, -rowCount || body.length);
  const abstained = body.subarray(body.length - rowCount);
  if (!fits.every((value) => Number.isFinite(value) || value === Number.POSITIVE_INFINITY)) {
    refuse('a parameter is not a number');
  }
  return { rowCount, seasonLength, fitEnd: word(4), fits, known, orders, abstained };
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
    case 'long-season':
      return `a season of ${seasonLength} steps needs Fourier terms; at most ${SEASON_MAX} is modelled`;
    default:
      return 'the series is constant';
  }
}

/** Two seasons and some: after seasonal differencing every order still has points to be scored on. */
export function knownMin(seasonLength: number): number {
  return 2 * seasonLength + 14;
}
