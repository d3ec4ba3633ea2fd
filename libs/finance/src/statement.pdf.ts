import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PaperStatement } from './statement.document.js';

const isSource = import.meta.url.endsWith('.ts');
/** More than layout and font of the longest statement take. */
const mostMegabytes = 320;

/**
 * Makes statements as PDF, one after the other, each in a thread of its own: the process has other things to do meanwhile, and what a statement took of
 * memory is given back.
 */
export class StatementPrinter {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws Error when it cannot be made */
  print(statement: PaperStatement): Promise<Uint8Array> {
    const printed = this.#last.then(() => (isSource ? printHere(statement) : printInThread(statement)));
    this.#last = printed.catch(() => undefined);
    return printed;
  }
}

/** From TypeScript sources there is no thread to be had. */
async function printHere(statement: PaperStatement): Promise<Uint8Array> {
  const { renderStatement } = await import('./statement.render.js');
  return renderStatement(statement);
}

async function printInThread(statement: PaperStatement): Promise<Uint8Array> {
  const worker = new Worker(new URL('./statement.pdf.worker.js', import.meta.url), {
    workerData: statement,
    name: 'statement',
    resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
  });
  try {
    // The only message, unless the thread fails: then `once` throws what it failed with.
    const [pdf] = (await once(worker, 'message')) as [Uint8Array];
    return pdf;
  } finally {
    await worker.terminate();
  }
}
