import { AmountMinor, Text, TextList } from '@tongbao/service';

export class RequestSettlementBody {
  @TextList({ min: 1, max: 100, description: 'closed windows of one model and currency, the oldest unsettled one first' })
  windowIds!: string[];
}

export class ApproveSettlementBody {
  @AmountMinor({ optional: true, zero: true, description: 'what it pays out and collects in all, as whoever approves has seen it' })
  movedMinor?: number;
}

export class AbortSettlementBody {
  @Text({ max: 200, description: 'why' })
  reason!: string;
}
