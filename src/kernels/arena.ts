// Memory that is lent to one piece of work and used again by the next: typed arrays without garbage.

const BLOCK_BYTES = 1 << 26;
const ALIGNMENT = 64;

/**
 * Arrays come in the order in which they are taken and all go at once: whoever resets it must know that
 * nobody keeps one. Their content is what was left there. Every array buffer of its own would be counted by
 * the garbage collector, which then marks the whole heap for each 64 MB.
 */
export class Arena {
  private readonly blocks: ArrayBuffer[] = [];
  private block = 0;
  private used = 0;

  f64(length: number): Float64Array {
    const { buffer, at } = this.take(8 * length);
    return new Float64Array(buffer, at, length);
  }

  f32(length: number): Float32Array {
    const { buffer, at } = this.take(4 * length);
    return new Float32Array(buffer, at, length);
  }

  u16(length: number): Uint16Array {
    const { buffer, at } = this.take(2 * length);
    return new Uint16Array(buffer, at, length);
  }

  /** All arrays that were taken are void. */
  reset(): void {
    this.block = 0;
    this.used = 0;
  }

  private take(bytes: number): { readonly buffer: ArrayBuffer; readonly at: number } {
    const rounded = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    while (this.block < this.blocks.length) {
      const buffer = this.blocks[this.block];
      if (this.used + rounded <= buffer.byteLength) {
        const at = this.used;
        this.used += rounded;
        return { buffer, at };
      }
      this.block += 1;
      this.used = 0;
    }
    const buffer = new ArrayBuffer(Math.max(BLOCK_BYTES, rounded));
    this.blocks.push(buffer);
    this.used = rounded;
    return { buffer, at: 0 };
  }
}

/** Arenas that wait for work; as many as there was work at once. */
const IDLE: Arena[] = [];

/** Lends an arena to `work`, whose result must hold none of its arrays. */
export async function withArena<T>(work: (arena: Arena) => Promise<T>): Promise<T> {
  const arena = IDLE.pop() ?? new Arena();
  try {
    return await work(arena);
  } finally {
    arena.reset();
    IDLE.push(arena);
  }
}
