// Forecasters: a pure numeric library.
export * from './forecaster';
export * from './arima';
export * from './baseline';
export * from './boosted';
export * from './climatology';
export * from './conformal';
export * from './ensemble';
export * from './lstm';
export * from './outside';
export * from './registry';
export * from './training-source';
