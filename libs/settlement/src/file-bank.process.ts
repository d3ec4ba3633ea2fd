import type { Logger } from 'pino';
import { cameByItself, type BankFileIntake } from './bank-file.intake.js';
import type { BankFilesWork } from './bank.service.js';
import type { FileBankFolder } from './file-bank.folder.js';
import type { PayoutRunProcess } from './payout-run.process.js';

export interface FileBankProcessParts {
  folder: FileBankFolder;
  intake: BankFileIntake;
  runs: PayoutRunProcess;
  logger: Logger;
}

/** Takes in what lies in the bank's folder, and sends what is due. */
export class FileBankProcess implements BankFilesWork {
  constructor(private readonly parts: FileBankProcessParts) {}

  async run(): Promise<void> {
    const { folder, intake, runs, logger } = this.parts;
    await folder.make();
    for (const file of await folder.arrived()) {
      const taken = await intake.take({ path: file.path }, file.name, cameByItself);
      if (taken.outcome !== 'rejected') {
        await folder.putAway(file, taken.fileId);
        continue;
      }
      logger.error({ file: file.name, ...taken.problem }, 'a file of the bank is rejected: nothing of it counts');
      await folder.putAside(file, taken.fileId, { file: file.name, sha256: taken.fileId, problem: taken.problem });
    }
    await runs.work();
  }
}
