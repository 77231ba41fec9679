import fc from 'fast-check';

// Once for each mutant: a few random cases, and those that ask for thousands are cut short (ms).
fc.configureGlobal({ numRuns: 30, interruptAfterTimeLimit: 60 });
