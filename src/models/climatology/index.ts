// What a VM's last two weeks say of any hour.
export * from './climatology-forecaster';
