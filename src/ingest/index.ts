// Samples -> roll-ups. What other stages may see.
export * from './decode/decode-records';
export * from './decode/read-series-file';
export * from './decode/series-rows';
export * from './generate/faults';
export * from './generate/fleet';
export * from './generate/generator-sample-source';
export * from './ingest-samples';
export * from './object-store';
export * from './rollup-store';
export { RollupEngine, ROLLUP_SETTINGS, type RollupSettings } from './rollup/rollup-engine';
export { CsvSeriesParser } from './decode/csv-series-parser';
export * from './sample-source';
export * from './segments/compact-day';
export * from './segments/hourly';
export * from './segments/bucket-grid';
export * from './segments/segment-file';
export * from './decode/file-sample-source';
export * from './decode/read-vms-file';
