/* A guest without an operating system that dirties memory: fills used=MIB once, then writes one word to each of
 * pages=COUNT pages in turn, rate=PAGES a burst, and waits wait=KILOCYCLES (of the time-stamp counter) between bursts.
 * rate=0 halts for good. QEMU before 9 under TCG forgets writes to pages that its software TLB still holds, so each
 * burst begins with a flush (CR4.PGE is toggled). */
typedef unsigned int u32;
typedef unsigned long long u64;

#define ARENA ((volatile u32 *)0x400000u)
#define WORDS 1024u /* of a page */

static u64 cycles(void) {
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((u64)high << 32) | low;
}

static u32 option(const char *line, const char *name, u32 otherwise) {
    for (; *line; line++) {
        u32 at = 0, value = 0;
        while (name[at] && line[at] == name[at]) at++;
        if (name[at] || line[at] != '=') continue;
        for (at++; line[at] >= '0' && line[at] <= '9'; at++) value = value * 10 + (u32)(line[at] - '0');
        return value;
    }
    return otherwise;
}

void guest_main(const u32 *info) {
    const char *line = (info[0] & 4) ? (const char *)info[4] : "";
    u32 used = option(line, "used", 8) * 256, pages = option(line, "pages", 0), rate = option(line, "rate", 0);
    u64 wait = (u64)option(line, "wait", 1000) * 1000;
    u32 seed = 0x9e3779b9u, next = 0, cr4;
    for (u32 at = 0; at < used * WORDS; at++) {
        seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5; /* no two pages alike: nothing is a zero page */
        ARENA[at] = seed;
    }
    if (pages == 0 || pages > used) pages = used;
    while (rate) {
        u64 until = cycles() + wait;
        __asm__ volatile("mov %%cr4,%0; xor $0x80,%0; mov %0,%%cr4" : "=r"(cr4));
        for (u32 count = 0; count < rate; count++) {
            ARENA[next * WORDS]++;
            next = next + 1 < pages ? next + 1 : 0;
        }
        while (cycles() < until) __asm__ volatile("pause");
    }
}
