/* Multiboot 1 entry in 32-bit protected mode: a flat stack, then guest_main(info). */
    .section .multiboot, "a"
    .align 4
    .long 0x1BADB002, 0, -0x1BADB002
    .section .text
    .globl _start
_start:
    cli
    movl $stack_top, %esp
    pushl %ebx
    call guest_main
1:  hlt
    jmp 1b
    .section .bss
    .align 16
    .skip 16384
stack_top:
    .section .note.GNU-stack,"",@progbits
