// Loaded before the command whose memory is measured (node --import).
import { writePeakAtExit } from './peak-memory.ts';

if (process.env.BENCH_PEAK_FILE) writePeakAtExit(process.env.BENCH_PEAK_FILE);
