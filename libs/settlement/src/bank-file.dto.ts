import { Integer, Text } from '@tongbao/service';

export class WithdrawInstructionBody {
  @Integer({ min: 1, max: 1_000, description: 'which instruction of the key, so that nobody takes out another one than they saw' })
  attempt!: number;

  @Text({ max: 500, description: 'why' })
  reason!: string;
}
