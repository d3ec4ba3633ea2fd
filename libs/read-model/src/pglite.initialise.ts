import { initialise } from './pglite.host.js';

/**
 * Run as a process of its own with the data folder as its argument: making a database takes some 500 MB, which a thread would leave with the
 * process and a process gives back.
 */
const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('give the data folder as the argument');
await initialise(dataDir);
