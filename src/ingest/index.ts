// Samples -> roll-ups. What other stages may see.
export * from './object-store';
export * from './rollup-store';
export * from './sample-source';
export * from './decode/read-series-file';
