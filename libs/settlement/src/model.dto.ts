import { AmountMinor, Currency, Integer, IntegerList, Nested, OneOf, Text, TextList } from '@tongbao/service';

class ScheduleBody {
  @Text({ max: 100, example: '0 23 * * *', description: 'five fields of cron: minute, hour, day of the month, month, day of the week' })
  cron!: string;

  @Text({ max: 64, example: 'Asia/Shanghai', description: 'the time zone whose wall clock the pattern is about' })
  timeZone!: string;

  @Text({
    optional: true,
    max: 31,
    description: 'name of a business calendar: a closing on a day without business is taken on the next one',
  })
  calendar?: string;
}

class ReserveBody {
  @Integer({ min: 0, max: 10_000, description: 'ten-thousandths of what a party is paid' })
  basisPoints!: number;

  @Integer({ min: 0, max: 366 })
  releaseAfterDays!: number;
}

export class ModelBody {
  @OneOf(['net', 'gross'], { description: 'whether what a party received and what it paid is set against each other' })
  granularity!: 'net' | 'gross';

  @OneOf(['multilateral', 'bilateral'], {
    description: 'whether each party settles with the hub alone, or platforms pay each other directly',
  })
  interchange!: 'multilateral' | 'bilateral';

  @OneOf(['deferred', 'immediate'], { description: 'immediate: a window closes and is settled as soon as there is something in it' })
  delay!: 'deferred' | 'immediate';

  @Nested(() => ScheduleBody, { optional: true, description: 'when windows close by themselves; by hand only where it is left out' })
  schedule?: ScheduleBody;

  @Integer({ optional: true, min: 0, max: 366, description: 'from the cut-off to the settlement; asked for by hand where it is left out' })
  settleAfterDays?: number;

  @AmountMinor({ zero: true, description: 'less than this, either way, is carried to the next window' })
  minimumPayoutMinor!: number;

  @OneOf(['debit', 'liquidity', 'carry'], { description: 'what is done with a party that owes' })
  collection!: 'debit' | 'liquidity' | 'carry';

  @AmountMinor({ zero: true, description: 'a settlement that moves at most this much needs no second person; 0: each needs one' })
  automaticApprovalUpToMinor!: number;

  @Nested(() => ReserveBody, { optional: true, description: 'kept back of what a party is paid, and released later' })
  reserve?: ReserveBody;
}

export class ApproveModelBody {
  @Integer({ min: 1, description: 'the proposed version that is approved' })
  version!: number;
}

export class PartyModelBody {
  @Currency()
  currency!: string;

  @Text({ max: 31, description: 'name of a model of that currency' })
  model!: string;

  @Currency({ optional: true, description: 'the currency that payouts are exchanged into; paid as they are where it is left out' })
  payIn?: string;
}

const day = '2026-10-01';

export class CalendarBody {
  @IntegerList({ min: 1, max: 7, maxItems: 6, example: [6, 7], description: 'days of the week without business: 1 = Monday to 7 = Sunday' })
  weekend!: number[];

  @TextList({ max: 1_000, example: [day], description: 'days without business' })
  holidays!: string[];

  @TextList({ max: 1_000, description: 'days with business that fall on the weekend' })
  workdays!: string[];
}
