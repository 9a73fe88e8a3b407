// Hypervisors: what the composition root may see.
export * from './file-journal';
export * from './kubevirt/kubevirt-executor';
export * from './libvirt/libvirt-executor';
export * from './nova/nova-executor';
export * from './proxmox/proxmox-executor';
export * from './qemu/qemu-executor';
