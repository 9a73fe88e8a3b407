// ARIMA by conditional sum of squares against published results (Stata, through statsmodels, BSD-3).
//
// Convention found: everything before the first differenced value is zero and all 202 values are summed
// (Stata's `arima, condition`); log-likelihood = -n/2 log(2 pi sigma2) - css / (2 sigma2), whose sigma2 is a
// parameter that Stata's optimiser stopped at, so css is read off the likelihood. Stata stored the prices
// and their differences as float32; without that the fourth digit of the likelihood differs.
// 112 was published at a point outside the invertible region (inverse root 1.0013), so its limit is wider.
import { difference } from '../../src/kernels/reference/arima/css-residuals';
import { fitCss, normalEquations } from '../../src/kernels/reference/arima/fit-css';
import type { CssProblem } from '../../src/kernels/reference/arima/fit-css';
import { momentsOf, startOf } from '../../src/kernels/reference/arima/start-values';
import { describeWithData, testData } from '../test-data';
import { tarTexts } from './tar-text';

const RESULTS = 'reference/arima/statsmodels_tsa_results.tar.gz';
const DATASETS = 'reference/arima/statsmodels_datasets.tar.gz';
const MODELS = [
  { name: 'arima111_css', p: 1, q: 1, mean: true },
  { name: 'arima111nc_css', p: 1, q: 1, mean: false },
  { name: 'arima112_css', p: 1, q: 2, mean: true },
  { name: 'arima112nc_css', p: 1, q: 2, mean: false },
  { name: 'arima211_css', p: 2, q: 1, mean: true },
  { name: 'arima211nc_css', p: 2, q: 1, mean: false },
];

/** css at the published parameters, from the published likelihood and sigma2 (the last parameter). */
const publishedCss = ({ params, llf }: { params: number[]; llf: number }, n: number): number => {
  const sigma2 = params.at(-1) ?? Number.NaN;
  return -2 * sigma2 * (llf + (n / 2) * Math.log(2 * Math.PI * sigma2));
};

describeWithData('published conditional sums of squares', RESULTS, (file) => {
  const published = (name: string): { params: number[]; llf: number } => {
    const text = tarTexts(file, (entry) => entry === `${name}_results.py`).get(
      `${name}_results.py`,
    );
    const numbers = (key: string): number[] =>
      (new RegExp(`^${key} = np\\.array\\(\\[([^\\]]*)\\]`, 'm').exec(text ?? '')?.[1] ?? '')
        .split(',')
        .map(Number);
    return { params: numbers('params'), llf: numbers('llf')[0] };
  };

  const problemOf = (model: (typeof MODELS)[number]): CssProblem => {
    const w = difference(consumerPrices(), 1, 0, 1).slice(1).map(Math.fround);
    const { p, q, mean } = model;
    return {
      w,
      seasonLength: 1,
      free: [p > 0, p > 1, q > 0, q > 1, false, false, mean],
      scored: new Uint8Array(w.length).fill(1),
      rootLimit: 1.01,
    };
  };

  const coefficientsOf = (model: (typeof MODELS)[number], params: number[]): Float64Array => {
    const b = new Float64Array(7);
    const from = model.mean ? 1 : 0;
    if (model.mean) b[6] = params[0];
    for (let j = 0; j < model.p; j += 1) b[j] = params[from + j];
    for (let j = 0; j < model.q; j += 1) b[2 + j] = params[from + model.p + j];
    return b;
  };

  it.each(MODELS)('has the objective of $name at the published parameters', (model) => {
    const result = published(model.name);
    const problem = problemOf(model);
    const { css } = normalEquations(problem, coefficientsOf(model, result.params));
    expect(problem.w.length).toBe(202);
    expect(Math.abs(css / publishedCss(result, 202) - 1)).toBeLessThan(1e-9);
  });

  it.each(MODELS)('finds an optimum of $name that is not worse, at its parameters', (model) => {
    const { params } = published(model.name);
    const problem = problemOf(model);
    const b = coefficientsOf(model, params);
    const objective = normalEquations(problem, b).css;
    const fit = fitCss(problem, b, 200);
    expect(fit.css).toBeLessThanOrEqual(objective);
    fit.coefficients.forEach((value, k) => expect(Math.abs(value - b[k])).toBeLessThan(1e-3));
  });

  it.each(MODELS)('reaches $name or better from its own start', (model) => {
    const { params } = published(model.name);
    const problem = { ...problemOf(model), rootLimit: 0.9999 };
    const objective = normalEquations(problem, coefficientsOf(model, params)).css;
    const order = Uint8Array.of(model.p, 1, model.q, 0, 0, 0, Number(model.mean), 0);
    const start = startOf(order, momentsOf(problem.w));
    expect(fitCss(problem, start, 200).css).toBeLessThanOrEqual(objective * (1 + 1e-6));
  });
});

function consumerPrices(): Float64Array {
  const file = testData(DATASETS);
  if (file === undefined) throw new Error(`no ${DATASETS} beside ${RESULTS}`);
  const text = tarTexts(file, (name) => name === 'macrodata.csv').get('macrodata.csv') ?? '';
  const [header, ...lines] = text.trim().split('\n');
  const column = header.split(',').findIndex((name) => name.trim() === '"cpi"');
  return Float64Array.from(lines, (line) => Math.fround(Number(line.split(',')[column])));
}
