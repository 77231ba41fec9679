import base from '../jest.config.js';

/** The tests of what is mutated, and no others, with fewer random cases: they run once for each mutant. */
export default {
  ...base,
  rootDir: '..',
  reporters: [],
  setupFilesAfterEnv: ['<rootDir>/test/mutation.setup.ts'],
  roots: ['<rootDir>/test/policy', '<rootDir>/test/cloud', '<rootDir>/test/http'],
  testMatch: [
    '**/test/policy/{decide*,newest,limits,duration,retention,select-instances,peer-defects}.test.ts',
    '**/test/cloud/{classify,error-codes}.test.ts',
    '**/test/http/retry*.test.ts',
  ],
};
