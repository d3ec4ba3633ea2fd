import { Text } from '@tongbao/service';

export class BankReasonBody {
  @Text({ max: 500, description: 'why' })
  reason!: string;
}

export class BankEvidenceBody {
  @Text({ min: 10, max: 500, description: 'what it rests on' })
  note!: string;
}
