// Seasonal ARIMA by conditional sum of squares, batched.
export { ARIMA, ArimaForecaster, FittedArima } from './arima-forecaster';
export { normalQuantile } from './normal-quantile';
export { SEARCH_AGAIN } from './fit-orders';
