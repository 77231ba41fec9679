import base from '../jest.config.js';

/** The tests of what is mutated, and no others: they run once for each mutant. */
export default {
  ...base,
  rootDir: '..',
  reporters: [],
  setupFilesAfterEnv: ['<rootDir>/test/mutation.setup.ts'],
  testMatch: ['<rootDir>/test/mutation.suite.ts'],
};
