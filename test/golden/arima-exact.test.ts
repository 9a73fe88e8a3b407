// Exact ARIMA likelihoods against published results (Stata, through statsmodels, BSD-3).
//
// The published sigma2 is the optimum's, so the likelihood with its own best sigma2 is the published one.
// `air2` differences the series first and starts stationary; the prices of `wpi1` likewise.
import { readFileSync } from 'node:fs';
import { FIT_WIDTH, openKernels } from '../../src/kernels';
import type { ArimaFits, ArimaRows } from '../../src/kernels';
import { exactLogLikelihood } from '../../src/kernels/reference/arima/exact-likelihood';
import { describeWithData } from '../test-data';

const FILE = 'reference/arima/sarimax_stata_reference.json';
const AIRLINE = Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 0);
const STATIONARY = Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 0);

interface Published {
  readonly data: readonly number[];
  readonly params_ar: readonly number[];
  readonly params_ma: readonly number[];
  readonly params_seasonal_ma: readonly number[];
  readonly params_mean: readonly number[];
  readonly loglike: number;
}

function caseOf(values: Float64Array, m: number, order: Uint8Array, b: readonly number[]) {
  const length = values.length;
  const rows: ArimaRows = { values, rowCount: 1, stride: length, end: length, seasonLength: m };
  const fits = new Float64Array(FIT_WIDTH);
  fits.set(b);
  fits[9] = 1; // the values' own unit
  const start: ArimaFits = { orders: order.slice(), fits };
  return { rows, start };
}

describeWithData('published exact likelihoods', FILE, (file) => {
  const published = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Published>;
  const air = published['air2_stationary'];
  const prices = published['wpi1_stationary'];
  const cases = {
    airline: {
      ...caseOf(Float64Array.from(air.data, Math.log), 12, AIRLINE, [
        0,
        0,
        air.params_ma[0],
        0,
        0,
        air.params_seasonal_ma[0],
        0,
      ]),
      loglike: air.loglike,
    },
    'wholesale prices': {
      ...caseOf(Float64Array.from(prices.data), 1, STATIONARY, [
        prices.params_ar[0],
        0,
        prices.params_ma[0],
        0,
        0,
        0,
        prices.params_mean[0],
      ]),
      loglike: prices.loglike,
    },
  };
  const backends = ['reference', 'auto'] as const;

  it.each(Object.keys(cases) as (keyof typeof cases)[])('has the one of %s', async (name) => {
    const { rows, start, loglike } = cases[name];
    for (const backend of backends) {
      const { arima } = openKernels(backend);
      const { logLikelihood } = await arima.exact(rows, start, 0);
      expect(Math.abs(logLikelihood[0] / loglike - 1)).toBeLessThan(1e-6);
    }
  });

  it.each(Object.keys(cases) as (keyof typeof cases)[])('finds the optimum of %s', async (name) => {
    const { rows, start, loglike } = cases[name];
    for (const backend of backends) {
      const { arima } = openKernels(backend);
      const { orders, fits: far } = await arima.fit(rows, { orders: start.orders });
      const fits = far.slice();
      const raised = await arima.exact(rows, { orders, fits }, 60);
      expect(raised.logLikelihood[0]).toBeGreaterThan(loglike - 1e-6 * Math.abs(loglike));
      const scale = raised.fits[9];
      raised.fits.slice(0, 6).forEach((value, k) => {
        expect(Math.abs(value - start.fits[k])).toBeLessThan(1e-3);
      });
      expect(Math.abs(raised.fits[6] * scale - start.fits[6])).toBeLessThan(1e-3);
    }
  });

  it('has one likelihood with and without the recursions when points are missing', async () => {
    const { rows, start } = cases.airline;
    const values = rows.values.map((value, t) => (t === 40 || (t > 70 && t < 75) ? NaN : value));
    const [slow, fast] = await Promise.all(
      backends.map(async (name) => openKernels(name).arima.exact({ ...rows, values }, start, 0)),
    );
    expect(Math.abs(fast.logLikelihood[0] / slow.logLikelihood[0] - 1)).toBeLessThan(1e-9);
    expect(fast.fits[10]).toBeLessThan(131);
  });

  it('is that of independent values where nothing is dependent', () => {
    const w = Float64Array.of(1, -2, 0.5);
    const known = -1.5 * Math.log(2 * Math.PI) - (1 + 4 + 0.25) / 2;
    expect(exactLogLikelihood(w, new Float64Array(7), 1, 1)).toBeCloseTo(known, 12);
  });
});
