// What native/addon.cc exports, and the one way in which every family calls it.
import type { Arena } from '../arena';
import { ISAS } from '../kernels';
import type { Isa } from '../kernels';

export type AddonArgument =
  | number
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Addon {
  /** Resolves 0, -1 when memory is short, or a code of the operation's own. Throws RangeError: unknown. */
  call(operation: string, args: Readonly<Record<string, AddonArgument>>): Promise<number>;
  bestIsa(): number;
  /** 1 where AVX-512 VNNI or AMX int8 tiles may be used; neither changes a result. */
  hasVnni(): number;
  hasAmxInt8(): number;
  peakFmaPerSec(isa: number): number;
}

/** The addon with an instruction set and a number of threads; both go along with each call. */
export class AddonCaller {
  constructor(
    readonly addon: Addon,
    readonly isa: Isa,
    readonly threads: number,
    /** Where results lie that nobody keeps; absent: in arrays of their own. */
    private readonly arena?: Arena,
  ) {}

  /** Not zeroed in an arena: the operation writes every value. */
  f64(length: number): Float64Array {
    return this.arena?.f64(length) ?? new Float64Array(length);
  }

  f32(length: number): Float32Array {
    return this.arena?.f32(length) ?? new Float32Array(length);
  }

  u16(length: number): Uint16Array {
    return this.arena?.u16(length) ?? new Uint16Array(length);
  }


  /** Throws RangeError when memory is short; returns the operation's own code otherwise. */
  async call(operation: string, args: Readonly<Record<string, AddonArgument>>): Promise<number> {
    const { threads } = this;
    const isa = ISAS.indexOf(this.isa);
    const result = await this.addon.call(operation, { isa, threads, ...args });
    if (result === -1) throw new RangeError(`the addon has no memory for '${operation}'`);
    return result;
  }
}
