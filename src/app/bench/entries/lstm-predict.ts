// Forecasts of the LSTM in float32.
import { predictEntry } from '../lstm-case';

export const entry = predictEntry('lstm-predict', 'float32', 1e-4);
