// Forecasts of the LSTM in bytes, by the fastest unit of the machine.
import { predictEntry } from '../lstm-case';

export const entry = predictEntry('lstm-predict-int8', 'int8', 0.1);
