import { OneOf, Text } from '@tongbao/service';

export class ReportObligationBody {
  @OneOf(['paid', 'carried'], {
    description: 'paid: the debtor has paid the creditor; carried: the hub takes it back into the next settlements of both',
  })
  outcome!: 'paid' | 'carried';

  @Text({ max: 500, description: 'what says so' })
  note!: string;
}

export class ConfirmObligationBody {
  @OneOf(['paid', 'carried'], { description: 'what is confirmed: it must be what was reported' })
  outcome!: 'paid' | 'carried';
}

export class RejectObligationBody {
  @Text({ max: 500, description: 'why what was reported is not so' })
  note!: string;
}
