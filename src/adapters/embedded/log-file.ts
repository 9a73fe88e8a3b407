// The frames of the local sample log: how a record lies in a file, and where a torn tail begins.
import { crc32c } from '../../core';
import type { LogRecord } from '../../ingest';

// Frame: length u32 | crc32c of the rest u32 | content type length u8 | content type | body
const HEADER_BYTES = 8;
export const FRAME_BYTES_MAX = 67_108_864; // a length above it is rubbish, not a record

export function encodeFrame(contentType: string, body: Uint8Array): Buffer {
  const type = Buffer.from(contentType, 'latin1').subarray(0, 255);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + 1 + type.length + body.length);
  frame.writeUInt32LE(frame.length, 0);
  frame.writeUInt8(type.length, HEADER_BYTES);
  type.copy(frame, HEADER_BYTES + 1);
  frame.set(body, HEADER_BYTES + 1 + type.length);
  frame.writeUInt32LE(crc32c(frame.subarray(HEADER_BYTES)), 4);
  return frame;
}

export interface Frames {
  readonly records: readonly LogRecord[];
  /** Bytes of whole, sound frames. */
  readonly usedBytes: number;
  /** false where the bytes after usedBytes are no beginning of a frame. */
  readonly sound: boolean;
}

/** Whole frames of `bytes`, which begin at the log's byte `base`; at most `recordsMax`. */
export function decodeFrames(bytes: Buffer, base: number, recordsMax: number): Frames {
  const records: LogRecord[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length && records.length < recordsMax) {
    const length = bytes.readUInt32LE(at);
    if (length <= HEADER_BYTES || length > FRAME_BYTES_MAX) {
      return { records, usedBytes: at, sound: false };
    }
    if (at + length > bytes.length) break;
    const rest = bytes.subarray(at + HEADER_BYTES, at + length);
    if (crc32c(rest) !== bytes.readUInt32LE(at + 4))
      return { records, usedBytes: at, sound: false };
    const typeLength = rest.readUInt8(0);
    records.push({
      offset: base + at,
      contentType: rest.toString('latin1', 1, 1 + typeLength),
      body: rest.subarray(1 + typeLength),
    });
    at += length;
  }
  return { records, usedBytes: at, sound: true };
}
