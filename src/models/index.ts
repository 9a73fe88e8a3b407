// Forecasters: a pure numeric library.
export * from './forecaster';
export * from './arima';
