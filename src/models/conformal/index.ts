// Quantiles corrected by how often they were right.
export * from './calibration';
export * from './calibrate-forecast';
