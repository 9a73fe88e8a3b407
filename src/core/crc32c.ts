// CRC-32C (Castagnoli), eight bytes a step: what segments and log records are checked with.

const POLYNOMIAL = 0x82f63b78; // reversed; RFC 3720, appendix B.4
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256));

for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : POLYNOMIAL);
  TABLES[0][byte] = crc;
}
for (let slice = 1; slice < 8; slice += 1) {
  for (let byte = 0; byte < 256; byte += 1) {
    const before = TABLES[slice - 1][byte];
    TABLES[slice][byte] = (before >>> 8) ^ TABLES[0][before & 255];
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;

/** Unsigned 32 bits. `before`: the checksum of what comes before, to go on. O(bytes). */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let at = 0;
  const last = bytes.length - 8;
  for (; at <= last; at += 8) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc =
      T7[crc & 255] ^
      T6[(crc >>> 8) & 255] ^
      T5[(crc >>> 16) & 255] ^
      T4[crc >>> 24] ^
      T3[bytes[at + 4]] ^
      T2[bytes[at + 5]] ^
      T1[bytes[at + 6]] ^
      T0[bytes[at + 7]];
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ T0[(crc ^ bytes[at]) & 255];
  return ~crc >>> 0;
}

/** Eight hexadecimal digits, as files of text carry a checksum. */
export function checksumText(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
