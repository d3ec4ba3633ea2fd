import { Text, TextList } from '@tongbao/service';

export class RequestSettlementBody {
  @TextList({ min: 1, max: 100, description: 'closed windows of one model and currency, the oldest unsettled one first' })
  windowIds!: string[];
}

export class AbortSettlementBody {
  @Text({ max: 200, description: 'why' })
  reason!: string;
}
