// The LSTM of the fleet, and what it saves.
export * from './lstm-forecaster';
export { decodeTensors, encodeTensors, type Tensor, type TensorFile } from './safetensors';
