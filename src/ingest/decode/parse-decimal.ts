// Decimal text in a byte array -> float64, exactly what Number(text) gives, without the string.

const [ZERO, NINE, DOT, MINUS, PLUS] = [48, 57, 46, 45, 43];
const EXACT_DIGITS = 15; // up to 15 digits an integer and a power of ten divide exactly (IEEE 754)
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** NaN when bytes [from, to) are not one decimal number. "nan" and "inf" are NaN too. */
export function parseDecimal(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  const negative = bytes[i] === MINUS;
  if (negative || bytes[i] === PLUS) i += 1;
  let digits = 0;
  let mantissa = 0;
  let decimals = 0;
  let seenDot = false;
  for (; i < to; i += 1) {
    const code = bytes[i];
    if (code >= ZERO && code <= NINE) {
      mantissa = mantissa * 10 + (code - ZERO);
      digits += 1;
      if (seenDot) decimals += 1;
    } else if (code === DOT && !seenDot) {
      seenDot = true;
    } else {
      return slow(bytes, from, to);
    }
  }
  if (digits === 0) return Number.NaN;
  if (digits > EXACT_DIGITS || decimals > EXACT_DIGITS) return slow(bytes, from, to);
  const value = decimals === 0 ? mantissa : mantissa / POWERS[decimals];
  return negative ? -value : value;
}

/** Exponents, long mantissas, surrounding blanks: rare, so the language's own parser. */
function slow(bytes: Uint8Array, from: number, to: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from)
    .toString('latin1')
    .trim();
  if (text === '' || !/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number.NaN;
  return Number(text);
}
