// npm run test:aws
import shared from '../../jest.config.js';

export default {
  ...shared,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/aws/*.rehearsal.ts'],
  testTimeout: 300_000,
};
