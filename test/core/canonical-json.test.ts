import fc from 'fast-check';
import { canonicalJson, roundTo } from '../../src/core';

describe('canonical JSON', () => {
  it('spells an object the same whatever the order of its keys', () => {
    expect(canonicalJson({ b: 1, a: [true, null] })).toBe('{"a":[true,null],"b":1}');
    expect(canonicalJson({ a: [true, null], b: 1 })).toBe('{"a":[true,null],"b":1}');
  });

  it('leaves undefined members out', () => {
    expect(canonicalJson({ a: undefined, b: 'x' })).toBe('{"b":"x"}');
  });

  it('refuses numbers that JSON cannot spell', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('NaN has no JSON spelling');
  });

  it('reads back as the value it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.parse(canonicalJson(value as never))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  it('rounds half away from zero and never to minus zero', () => {
    expect([roundTo(0.125, 2), roundTo(-0.125, 2), Object.is(roundTo(-0.001, 2), 0)]).toEqual([
      0.13,
      -0.13,
      true,
    ]);
  });
});
