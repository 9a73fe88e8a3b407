// Hypervisors: what the composition root may see.
export * from './file-journal';
export * from './qemu/qemu-executor';
