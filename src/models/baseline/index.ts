// Rules of thumb that every model has to beat.
export * from './baseline-forecaster';
export { fillForward, type Row, type Rule } from './rules';
