// Unit, conformance, golden, property tests; end-to-end tests run through `npm test` as well.
const esm =
  '@nestjs|file-type|strtok3|token-types|@tokenizer|@borewit|uint8array-extras|cookie|load-esm|uid|iterare|content-disposition|temporal-polyfill|temporal-spec|temporal-utils|hyparquet|hyparquet-compressors|hyparquet-writer|hysnappy|fzstd';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/)?(?:${esm})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['<rootDir>/test/setup.ts'],
  testTimeout: 240_000, // no test is timed; a slow machine may take four times as long
};
