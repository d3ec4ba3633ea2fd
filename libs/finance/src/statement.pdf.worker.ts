import { parentPort, workerData } from 'node:worker_threads';
import type { PaperStatement } from './statement.document.js';
import { renderStatement } from './statement.render.js';

/** The thread that makes one statement, and ends. */
if (!parentPort) throw new Error('this file is the body of a worker thread');
// The thread is started by statement.pdf.ts only, which gives the statement.
const pdf = await renderStatement(workerData as PaperStatement);
parentPort.postMessage(pdf);
