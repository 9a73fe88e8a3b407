// Rules of thumb that every model has to beat.
export * from './baseline-forecaster';
export { fillForward } from '../../kernels';
